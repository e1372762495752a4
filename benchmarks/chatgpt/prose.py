"""Texts that tokenise like prose, markdown and code, put together from pools of phrases.

A `Writer` holds the pools every conversation shares; a `Topic` adds the phrases and identifiers of one
conversation, so that the vocabulary keeps growing with the file as it does in real text (a counter that
caches words would otherwise look better than it is).
"""

from dataclasses import dataclass
from random import Random

from benchmarks.chatgpt import words

SHARED_PHRASES = 24_000
TOPIC_PHRASES = 160
JOINTS = [" ", " ", " ", " ", " ", ", ", ", ", " – ", "; ", ": ", " (see below) ", ", so "]
STOPS = [". ", ". ", ". ", ". ", ".\n\n", "? ", "! ", ": ", '." ']
NON_LATIN = {
    "chinese": (words.CHINESE, "", ["。", "，", "，", "。\n\n", "？"]),
    "japanese": (words.JAPANESE, "", ["。", "、", "。\n\n", "!"]),
    "russian": (words.RUSSIAN, " ", [". ", ", ", ".\n\n", "? "]),
    "arabic": (words.ARABIC, " ", [". ", "، ", ".\n\n", "؟ "]),
    "hebrew": (words.HEBREW, " ", [". ", ", ", ".\n\n", "? "]),
    "german": (words.GERMAN, " ", [". ", ", ", ".\n\n", "? "]),
}


@dataclass(frozen=True)
class Topic:
    """What one conversation is about: its language, its own phrases, and names that code can use."""

    language: str
    phrases: list[str]
    names: list[str]


class Writer:
    """Makes topics and texts. Every draw comes from the `Random` handed in: same seed, same texts."""

    def __init__(self, rng: Random) -> None:
        self._words, self._weights = words.vocabulary()
        self._shared = self._make_phrases(rng, SHARED_PHRASES)

    def _make_phrases(self, rng: Random, count: int) -> list[str]:
        drawn = rng.choices(self._words, cum_weights=self._weights, k=count * 5)
        lengths = rng.choices((2, 3, 4, 5, 5), k=count)
        return [" ".join(drawn[5 * i : 5 * i + n]) for i, n in enumerate(lengths)]

    def topic(self, rng: Random) -> Topic:
        """One in seven conversations is held in another language than English."""
        language = rng.choice(list(NON_LATIN)) if rng.random() < 0.15 else "english"
        drawn = rng.choices(self._words[30:500], k=50) + rng.choices(self._words, k=10)
        rng.shuffle(drawn)
        snake = [f"{a}_{b}" for a, b in zip(drawn[:20], drawn[20:40], strict=True)]
        camel = [a + b.capitalize() for a, b in zip(drawn[20:40], drawn[40:], strict=True)]
        return Topic(language, self._make_phrases(rng, TOPIC_PHRASES), snake + camel + drawn[:10])

    def title(self, rng: Random, topic: Topic) -> str:
        return rng.choice(topic.phrases).title() if topic.language == "english" else self.text(rng, topic, 20)

    def text(self, rng: Random, topic: Topic, chars: int) -> str:
        """Plain paragraphs in the topic's language, `chars` characters long (to a sentence)."""
        if topic.language != "english" and rng.random() < 0.8:
            return _foreign(rng, topic.language, chars)
        return self.sentences(rng, topic, chars)

    def sentences(self, rng: Random, topic: Topic, chars: int) -> str:
        """English-like sentences; half of the phrases are the topic's own, a third carry a number or a name."""
        count = chars // 70 + 1
        shared = rng.choices(self._shared, k=count * 2)
        own = rng.choices(topic.phrases, k=count)
        joints = rng.choices(JOINTS, k=count)
        stops = rng.choices(STOPS, k=count)
        extras = rng.choices(range(12), k=count)
        pieces: list[str] = []
        size = 0
        for i in range(count):
            opening = shared[2 * i]
            middle = own[i] if extras[i] > 3 else _particular(rng, topic, extras[i])
            sentence = f"{opening[0].upper()}{opening[1:]} {middle}{joints[i]}{shared[2 * i + 1]}{stops[i]}"
            pieces.append(sentence)
            size += len(sentence)
            if size >= chars:
                break
        return "".join(pieces).rstrip()

    def code(self, rng: Random, topic: Topic, chars: int) -> str:
        """Lines of Python-, JavaScript-, SQL- or shell-looking code around the topic's names."""
        templates = CODE[rng.choice(list(CODE))]
        count = chars // 38 + 1
        names = rng.choices(topic.names, k=count * 2)
        lines = rng.choices(templates, k=count)
        made = [
            line.format(a=names[2 * i], b=names[2 * i + 1], n=rng.randrange(1, 5000)) for i, line in enumerate(lines)
        ]
        return "\n".join(made)[: max(chars, 40)]

    def markdown(self, rng: Random, topic: Topic, chars: int) -> str:
        """An answer as models write them: headings, lists, tables, fenced code, paragraphs."""
        pieces: list[str] = []
        left = chars
        while left > 0:
            piece = self._section(rng, topic, min(left, rng.randrange(150, 900)))
            pieces.append(piece)
            left -= len(piece) + 2
        return "\n\n".join(pieces)

    def _section(self, rng: Random, topic: Topic, chars: int) -> str:
        kind = rng.random()
        if kind < 0.42:
            return self.text(rng, topic, chars)
        if kind < 0.45:  # a quotation in another language, in whatever language the conversation is held
            return "> " + _foreign(rng, rng.choice(list(NON_LATIN)), chars // 2).replace("\n", " ")
        if kind < 0.65:
            heading = rng.choice(topic.phrases).capitalize()
            items = max(2, chars // 110)
            bullets = [
                f"{'-' if items % 2 else f'{i + 1}.'} **{rng.choice(topic.names)}**: {self.text(rng, topic, 80)}"
                for i in range(items)
            ]
            mark = rng.choice(words.EMOJI) + " " if rng.random() < 0.3 else ""
            return f"{'#' * rng.randrange(2, 5)} {mark}{heading}\n\n" + "\n".join(bullets)
        if kind < 0.9:
            return f"```{rng.choice(['python', 'js', 'sql', 'bash', ''])}\n{self.code(rng, topic, chars)}\n```"
        return table(rng, topic, max(2, chars // 60))


def _particular(rng: Random, topic: Topic, kind: int) -> str:
    """The detail that makes a sentence its own: a quantity, a date, a name in code marks, an address."""
    if kind == 0:
        return f"{rng.randrange(2, 9999):,} {rng.choice(words.NUMBER_WORDS)} ({rng.random() * 100:.1f} %)"
    if kind == 1:
        return f"on {rng.randrange(1990, 2026)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    if kind == 2:
        return f"with `{rng.choice(topic.names)}({rng.choice(topic.names)}={rng.randrange(100)})`"
    return rng.choice(words.EMOJI) if rng.random() < 0.2 else f"version {rng.randrange(9)}.{rng.randrange(30)}"


def _foreign(rng: Random, language: str, chars: int) -> str:
    vocabulary, space, stops = NON_LATIN[language]
    drawn = iter(rng.choices(vocabulary, k=chars // 2 + 8))
    pieces: list[str] = []
    size = 0
    while size < chars:
        piece = space.join(next(drawn, vocabulary[0]) for _ in range(rng.randrange(4, 12))) + rng.choice(stops)
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces).rstrip()


def table(rng: Random, topic: Topic, rows: int) -> str:
    """A markdown table of `rows` rows with names and numbers."""
    head = f"| {rng.choice(topic.names)} | count | share |\n|---|---:|---:|"
    body = [f"| {rng.choice(topic.names)} | {rng.randrange(100_000)} | {rng.random():.4f} |" for _ in range(rows)]
    return "\n".join([head, *body])


CODE = {
    "python": [
        "def {a}({b}: int = {n}) -> list[str]:",
        "    for {a} in range({n}):",
        "        {b}.append({a} * {n})",
        '    if {a} is None or {b} > {n}:\n        raise ValueError(f"{a} must be below {n}: {{{b}!r}}")',
        "    return [{a}[i] for i in sorted({b}) if i % {n}]",
        "    # {a} is read once, {b} afterwards",
        "    {a} = {b}.get('{a}', {n})",
        "import {a}",
        "",
        "class {a}({b}):",
        '    """Keep {a} and {b} in step."""',
        "        self.{a} = np.zeros(({n}, 3), dtype=np.float32)",
        "    with open('{a}.csv', encoding='utf-8') as {b}:",
    ],
    "javascript": [
        "const {a} = await fetch(`/api/{b}?limit={n}`);",
        "  if (!{a}.ok) {{ throw new Error('{b} failed: ' + {a}.status); }}",
        "export function {a}({b}) {{",
        "  return {b}.map((x) => x.{a} ?? {n}).filter(Boolean);",
        "}}",
        "",
        "  // {a} before {b}",
        "  document.querySelector('#{a}').classList.toggle('{b}');",
        "  console.log({{ {a}, {b}: {n} }});",
    ],
    "sql": [
        "select {a}, count(*) as {b}_count",
        "from {a} join {b} using ({a}_id)",
        "where {a} between {n} and {n} + 100 and {b} is not null",
        "group by {a} having sum({b}) > {n}",
        "create index idx_{a} on {b} ({a});",
        "insert into {a} ({b}) values ({n});",
        "",
    ],
    "shell": [
        "$ ls -la /srv/{a}/{b} | sort -k5 -n | tail -{n}",
        'export {a}="{b}:{n}"',
        "docker run --rm -p {n}:80 {a}/{b}:latest",
        "grep -rn '{a}' src/{b} | wc -l",
        "#!/usr/bin/env bash",
        'for f in *.{a}; do mv "$f" "{b}/$f"; done',
        "[{n}] INFO {a}: {b} done in {n} ms",
        "",
    ],
}
