"""Random corpora: conversations of every role, kind, branch and repeat, for properties that must always hold."""

from __future__ import annotations

from hypothesis import strategies as st

from distill.corpus import Corpus, call, conversation, human, injected, model, result
from moonshine_assets.exports.records import Block, Node, ParsedConversation

_WORDS = st.sampled_from(
    ["", " ", "Yes.", "No, that is wrong", "What is 2 + 3?", "It is 5.", "one two three " * 8, "four five six " * 9]
)


@st.composite
def _node(draw: st.DrawFn, name: str, parent: str | None) -> Node:
    kind = draw(
        st.sampled_from(["human", "human", "model", "model", "injected", "system", "call", "result", "thinking"])
    )
    words = draw(_WORDS)
    if kind == "human":
        return human(name, parent, words, visible=draw(st.booleans()), files=draw(st.integers(0, 1)))
    if kind == "model":
        return model(name, parent, words, status=draw(st.sampled_from([None, "finished_successfully", "in_progress"])))
    if kind == "injected":
        return injected(name, parent, words)
    if kind == "system":
        return injected(name, parent, words, role="system")
    if kind == "call":
        return call(name, parent, "python", words) if parent else human(name, parent, words)
    if kind == "result":
        return result(name, parent, "python", words, draw(st.none() | st.booleans())) if parent else human(name, None)
    return model(name, parent, None, Block("thinking", words))


@st.composite
def _conversation(draw: st.DrawFn, name: str) -> ParsedConversation:
    nodes: list[Node] = []
    for rank in range(draw(st.integers(1, 9))):
        parent = f"n{draw(st.integers(max(0, rank - 3), rank - 1))}" if rank else None
        nodes.append(draw(_node(f"n{rank}", parent)))
    return conversation(name, *nodes, current=f"n{draw(st.integers(0, len(nodes) - 1))}", timed=draw(st.booleans()))


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Up to four conversations in two runs of two providers."""
    corpus = Corpus()
    for rank in range(draw(st.integers(0, 4))):
        run = draw(st.sampled_from(["chatgpt_20260131_120000", "claude_20260131_120000"]))
        corpus.add(draw(_conversation(f"c{rank}")), run=run)
    return corpus
