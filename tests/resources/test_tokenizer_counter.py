"""Every count is tiktoken's count, whatever library produced it."""

from __future__ import annotations

import base64
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_resources.tokenizer import TokenCounter, load
from moonshine_resources.tokenizer import counter as counting

PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)

TEXTS = {
    "empty": "",
    "prose": "The tide went out at six; we'd have stayed, but it's late -- and they'LL worry. " * 20,
    "code": "def area(r: float) -> float:\n\treturn 3.14159 * r ** 2  # πr²\n\n\nif __name__ == '__main__':\n" * 9,
    "paths": "//\n/usr/share///\n\n/x !\n/ ?\r\n/y ...//\r\n\r\n",
    "json": '{"a":[1,22,333,4444],"b":"\\u00e9\\n","c":null,"time":1712345678.901234}' * 9,
    "chinese": "月光下的海面很平静,我们沿着岸边走了很久。" * 9,
    "japanese": "月がきれいですね。カタカナとひらがな、漢字。\n" * 9,
    "korean": "달빛이 바다 위에 비치고 있었다. " * 9,
    "cyrillic": "Луна над морем. Ёлка, съезд, ПРОВЕРКА-проверка. ",
    "arabic": "القمر فوق البحر والليل طويل ١٢٣٤٥",
    "hindi": "समुद्र के ऊपर चाँद और लंबी रात १२३",
    "thai": "พระจันทร์เหนือทะเลในคืนที่ยาวนาน",
    "hebrew": "הַיָּרֵחַ מֵעַל הַיָּם",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇮🇸 1️⃣ ❤️‍🔥" * 5,
    "combining": "e\u0301\u0302\u0303 Z\u0351\u036b\u0343 n\u0303" * 5,
    "spaces": "a  b   c    d" + " " * 300 + "e" + "\t" * 200 + " \t" * 100,
    "line ends": "a\r\nb\rc\n\n\n  \n \r\n\t\n x\r\r\n \n",
    "odd white space": "a\u00a0b\u2003c\u3000\u3000d\u2028e\u0085f\x0b\x0c\x1c\x1fg\u1680\u202f \u205f",
    "base64": base64.b64encode(bytes(range(256)) * 12).decode(),
    "hex": bytes(range(256)).hex() * 4,
    "repeats": "=" * 5000 + "-" * 4999 + "a" * 5001 + "é" * 999 + "7" * 1000,
    "special tokens": "<|endoftext|> <|endofprompt|><|im_start|>user<|im_end|><|fim_prefix|>",
    "nul": "a\x00b\x00\x00 \x00\x01\x02\x7f",
    "byte order mark": "\ufeffstart \ufeff\ufeff end\ufffe\uffff",
    "private and astral": "\ue000\uf8ff 𝔘𝔫𝔦 𠮷野家 \U0010ffff",
    "contractions": "I'm you'RE he'D we'Ll it's ’s 's's S'S d'd 'Tis rock'n'roll",
    "long s": "it'\u017f a'\u017fb '\u017f\u017f '\u017ft and ’\u017f \u017f'\u017f",
    "lone surrogates": "a\ud83d b\ude00 \ud83d\ude00 \ude00\ud83d\ud83d",
    "lone surrogate after a byte order mark": "\ufeff\ud800'\u017f\ufeff",
}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenCounter]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIKTOKEN_CACHE_DIR", "")
        yield load(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="module")
def plain(counter: TokenCounter) -> tiktoken.Encoding:
    """tiktoken itself, reading the vocabulary that the counter wrote."""
    return tiktoken.get_encoding("o200k_base")


def plain_count(plain: tiktoken.Encoding, text: str) -> int:
    return len(plain.encode_ordinary(text))


@pytest.mark.parametrize("name", TEXTS)
def test_each_kind_of_text_counts_as_in_tiktoken(counter: TokenCounter, plain: tiktoken.Encoding, name: str) -> None:
    expected = plain_count(plain, TEXTS[name])
    assert counter.count(TEXTS[name]) == expected
    assert counter.reference(TEXTS[name]) == expected


def test_known_counts_do_not_move(counter: TokenCounter) -> None:
    assert counter.count("") == 0
    assert counter.count("hello world") == 2
    assert counter.count("<|endoftext|>") == 7


def test_many_texts_count_in_order(counter: TokenCounter, plain: tiktoken.Encoding) -> None:
    draw = random.Random(5)
    texts = ["".join(draw.choices(list(TEXTS.values()), k=3)) for _ in range(500)]
    assert counter.count_many(texts) == [plain_count(plain, text) for text in texts]


def test_a_few_large_texts_are_counted(counter: TokenCounter, plain: tiktoken.Encoding) -> None:
    texts = [TEXTS["prose"] * 90, TEXTS["japanese"] * 400, TEXTS["json"] * 300]
    assert counter.count_many(texts) == [plain_count(plain, text) for text in texts]


def test_no_texts_give_no_counts(counter: TokenCounter) -> None:
    assert counter.count_many([]) == []


@pytest.mark.parametrize(
    ("before", "space", "after", "expected"),
    [
        ("", " ", "", 7813),
        ("", " ", "x", 7814),
        ("\n", " ", "x", 7815),
        ("a", " ", "", 7814),
        ("", " ", "\n", 7814),
        ("", " ", "\nx", 7815),
        ("", "\u00a0", "", 125001),
    ],
)
def test_a_million_spaces_get_the_agreed_count_where_tiktoken_panics(
    counter: TokenCounter, before: str, space: str, after: str, expected: int
) -> None:
    text = before + space * 1_000_001 + after
    assert counter.count(text) == expected
    assert counter.reference(text) == expected


def test_a_guarded_text_with_a_million_spaces_is_counted(counter: TokenCounter) -> None:
    text = "it'\u017f" + " " * 1_000_001 + "it'\u017f" + "\t" * 1_000_001
    parts = ["it'\u017f", " " * 1_000_000, " it'\u017f", "\t" * 1_000_001]
    assert counter.count(text) == sum(map(counter.reference, parts))


@given(st.text(alphabet="\t \u00a0\u3000\n\r\x0b\x1ca1!/'\u017f\u0301月", max_size=40))
def test_the_whitespace_rule_of_the_reference_is_exact_at_any_length(
    counter: TokenCounter, plain: tiktoken.Encoding, text: str
) -> None:
    short = re.compile(f"(?<![{counting._WHITESPACE}])[{counting._WHITESPACE}]{{2,}}+")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_LONG_RUN", 2)
        patch.setattr(counting, "_LONG_WHITESPACE", short)
        assert counter.reference(text) == plain_count(plain, text)


SNIPPETS = st.one_of(
    st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=30),
    st.text(alphabet=" \t\r\n\u3000'’s\u017fSdlLvVeErRtTmMaÄж月1٣!/-_\u0301\u200d\ufeff\ud83d\ude00", max_size=30),
    st.sampled_from([text[:200] for text in TEXTS.values()]),
)


def matches_tiktoken(counter: TokenCounter, plain: tiktoken.Encoding, snippets: list[str]) -> None:
    text = "".join(snippets)
    expected = plain_count(plain, text)
    assert counter.count(text) == expected
    assert counter.reference(text) == expected


@given(st.lists(SNIPPETS, max_size=8))
@settings(max_examples=500, deadline=None)
def test_any_text_counts_as_in_tiktoken(counter: TokenCounter, plain: tiktoken.Encoding, snippets: list[str]) -> None:
    matches_tiktoken(counter, plain, snippets)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@given(st.lists(SNIPPETS, max_size=12))
@settings(max_examples=40_000, deadline=None)
def test_any_text_counts_as_in_tiktoken_in_a_long_fuzz(
    counter: TokenCounter, plain: tiktoken.Encoding, snippets: list[str]
) -> None:
    matches_tiktoken(counter, plain, snippets)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("context", ["a{}b 1{}", " {}{}'{}s\n{} "])
def test_every_code_point_counts_as_in_tiktoken(counter: TokenCounter, plain: tiktoken.Encoding, context: str) -> None:
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
    assert len(points) == 1_112_064
    texts = [context.replace("{}", point) for point in points]
    expected = [plain_count(plain, text) for text in texts]
    counts = counter.count_many(texts)
    assert [hex(ord(p)) for p, n, m in zip(points, counts, expected, strict=True) if n != m] == []


def test_the_pattern_is_the_one_the_split_points_and_the_whitespace_rule_were_derived_from(
    plain: tiktoken.Encoding,
) -> None:
    assert plain._pat_str == PATTERN


def test_without_fastokens_tiktoken_counts_the_same(
    counter: TokenCounter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    monkeypatch.setitem(sys.modules, "fastokens", None)
    alone = load(tmp_path)
    texts = list(TEXTS.values())
    assert alone.count_many(texts) == counter.count_many(texts)
    assert alone.identity()["fast_library"] == "tiktoken"


def test_the_identity_names_vocabulary_and_libraries_with_their_versions(counter: TokenCounter) -> None:
    assert counter.identity() == {
        "tokenizer": "o200k_base",
        "library": "tiktoken",
        "version": "0.14.0",
        "vocabulary_sha256": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "fast_library": "fastokens",
        "fast_version": "0.3.5",
    }


def test_threads_that_load_at_once_share_one_counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    with ThreadPoolExecutor(4) as pool:
        counters = set(pool.map(load, [tmp_path] * 4))
    assert len(counters) == 1


def test_counting_does_not_import_dagster() -> None:
    script = "import sys, moonshine_resources.tokenizer; sys.exit('dagster' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
