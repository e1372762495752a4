"""How well the lanes find what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lanes.plant.ground import claims, grow, rows, sow, text_of
from lanes.plant.truth import Score, Truth, score
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.splits import SPLITS
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

#: Signals whose pairs are core rows.
CORE_PAIRS = ("rated_pair", "regen_continued")


@dataclass
class Harvest:
    """A home the plant was taken to, and what was found of it."""

    home: Home
    truth: Truth
    scores: dict[str, Score]

    @property
    def pairs(self) -> Score:
        """Of the DPO lane, tiers D1 and D2 alone."""
        whole = self.scores["dpo"]
        return Score(*(frozenset(claim for claim in part if claim[-1] in CORE_PAIRS) for part in whole))

    @property
    def prefixes(self) -> tuple[int, int]:
        """Core pairs, and how many of them have exactly the prompt that stands above both answers in the mash."""
        pairs = [row for row in rows(self.home, "dpo") if row["signal"] in CORE_PAIRS]
        with connect(self.home.mash, read_only=True) as connection:
            spoken = {
                (conversation, message): (parent, text or "", visible)
                for conversation, message, parent, text, visible in connection.execute(
                    "SELECT conversation_id, message_id, parent_id, text, visible FROM main.messages"
                ).fetchall()
            }

        def above(conversation: str, message: str) -> list[str]:
            texts: list[str] = []
            at: str | None = spoken[conversation, message][0]
            while at is not None:
                at, text, visible = spoken[conversation, at]
                if visible and text:
                    texts.append(text)
            return texts[::-1]

        same = sum(
            above(row["conversation_id"], row["node_ids"][-2])
            == above(row["conversation_id"], row["node_ids"][-1])
            == [message["content"] for message in row["prompt"]]
            for row in pairs
        )
        return len(pairs), same

    def leaked(self, words: list[str]) -> list[str]:
        """Which of the words stand in any row of any lane."""
        texts = [text_of(row) for lane in LANES for row in rows(self.home, lane)]
        return [word for word in words if any(word in text for text in texts)]

    @property
    def calls_lost(self) -> int:
        """Planted calls that are not in their row, each with its result."""
        found = {
            row["conversation_id"]: sum(message["role"] == "tool" for message in row["messages"])
            for row in rows(self.home, "agentic_code")
        }
        return sum(abs(calls - found.get(name, 0)) for name, calls in self.truth.calls.items())

    @property
    def twins_found(self) -> int:
        """Planted pairs of near duplicates that cleaning put into one cluster."""
        with connect(self.home.mash, read_only=True) as connection:
            known = connection.execute("SELECT DISTINCT content_sha256, cluster_sha256 FROM store.cleaning").fetchall()
        clusters = dict(known)
        pairs = [[clusters.get(sha256(text.encode()).hexdigest()) for text in pair] for pair in self.truth.twins]
        return sum(one is not None and one == other for one, other in pairs)

    @property
    def on_both_sides(self) -> int:
        """Conversations with rows of train and of validation, over all lanes."""
        sides: dict[str, set[str]] = {}
        for lane in LANES:
            for row in rows(self.home, lane):
                sides.setdefault(row["conversation_id"], set()).add(row["split"])
        return sum(len(found & set(SPLITS)) > 1 for found in sides.values())


def harvest(folder: Path, times: int, counter: TokenCounter, seed: int = 1) -> Harvest:
    """Sow, take the whole way, and score."""
    paths, truth = sow(folder / "given", times, seed)
    home = Home.at(folder / "home")
    grow(home, paths, counter)
    return Harvest(home, truth, {lane: score(claims(home, lane), truth.claims[lane]) for lane in LANES})


def lines(found: Harvest) -> list[str]:
    """The report as Markdown."""
    told = ["| lane | planted | right | wrong | missed | precision | recall |", "|---|---:|---:|---:|---:|---:|---:|"]
    parts = {**found.scores, "dpo, D1 and D2": found.pairs}
    for lane, of in sorted(parts.items()):
        planted = len(of.right) + len(of.missed)
        told.append(
            f"| {lane} | {planted} | {len(of.right)} | {len(of.wrong)} | {len(of.missed)} "
            f"| {of.precision:.3f} | {of.recall:.3f} |"
        )
    pairs, same = found.prefixes
    told += [
        "",
        f"- pairs whose prompt stands above both answers, word by word: {same} of {pairs}",
        f"- canaries in rows: {len(found.leaked(found.truth.canaries))} of {len(found.truth.canaries)}",
        f"- secrets in rows: {len(found.leaked(found.truth.secrets))} of {len(found.truth.secrets)}",
        f"- tool calls lost: {found.calls_lost} of {sum(found.truth.calls.values())}",
        f"- near duplicates found: {found.twins_found} of {len(found.truth.twins)}",
        f"- conversations on both sides of the split: {found.on_both_sides}",
    ]
    return told
