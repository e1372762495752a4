"""The receipt by category: golden counts, a loss of each kind found and named, balance whatever is there twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from exporting import chatgpt, chatgpt_node, claude, write, write_zip
from intake import Intake

from moonshine_assets.cli.moonshine import main
from moonshine_assets.providers.categories import category_matrix, receipt_by_category
from moonshine_assets.providers.gates import receipt_balances
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.receipt_categories import CATEGORIES, CATEGORY_COUNTS, CATEGORY_OF_KIND
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

FIRST, SECOND = "conversations-000.json", "conversations-001.json"


def node(
    name: str, parent: str | None, role: str, content: dict[str, Any], recipient: str = "all", **metadata: Any
) -> dict[str, Any]:
    made = chatgpt_node(name, parent, role)
    made["message"] |= {"content": content, "recipient": recipient, "metadata": metadata}
    return made


def text(words: str) -> dict[str, Any]:
    return {"content_type": "text", "parts": [words]}


def everything() -> dict[str, Any]:
    """A conversation with something of every category; two answers to one question, the second is shown."""
    nodes = [
        chatgpt_node("root", None, None),
        node("system", "root", "system", text("Be kind."), is_visually_hidden_from_conversation=True),
        node("question", "system", "user", text("Which tide?"), attachments=[{"id": "file-1", "name": "map.pdf"}]),
        node("other", "question", "assistant", text("High tide, I guess.")),
        node("thought", "question", "assistant", {"content_type": "thoughts", "thoughts": ["Ebb 🌙"]}),
        node("call", "thought", "assistant", {"content_type": "code", "text": '{"sea": "north"}'}, "tides.look_up"),
        node("result", "call", "tool", text("low")),
        node("odd", "result", "assistant", {"content_type": "hologram", "beam": 3}),
        node("answer", "odd", "assistant", text("Low tide.")),
    ]
    return chatgpt("everything", nodes=nodes, current="answer")


def counts(
    *, messages: int = 0, items: int = 0, characters: int = 0, kept: int = 1, duplicate: int = 0
) -> dict[str, int]:
    """Counts of something that came in `kept` + `duplicate` times."""
    made = dict.fromkeys(CATEGORY_COUNTS, 0)
    for unit, count in (("messages", messages), ("items", items), ("characters", characters)):
        for side, times in (("in", kept + duplicate), ("kept", kept), ("duplicate", duplicate)):
            made[f"{unit}_{side}"] = count * times
    return made


#: Of `everything`: question, thought, the odd one and the answer are on the path; a call and its result are not shown.
GOLDEN = {
    "main_path": {"messages": 4, "items": 2, "characters": len("Which tide?" + "Low tide.")},
    "side_branch": {"messages": 1, "items": 1, "characters": len("High tide, I guess.")},
    "tool_call": {"items": 1, "characters": 2 * len('{"sea": "north"}')},
    "tool_result": {"items": 1, "characters": len("low")},
    "thinking": {"items": 1, "characters": 5},
    "hidden": {"messages": 3, "items": 1, "characters": len("Be kind.")},
    "attachment_text": {"items": 1, "characters": 0},
    "unknown_block": {"items": 1, "characters": len('{"content_type":"hologram","beam":3}')},
}


def by_category(intake: Intake, path: Path) -> dict[str, dict[str, dict[str, int]]]:
    """The receipt of a draft whose gate holds."""
    run = intake.drafted(path)
    with connect(run.database_draft, read_only=True) as connection:
        verdict = receipt_balances(connection)
        assert verdict.passed, verdict
        return receipt_by_category(connection)


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(Home.at(tmp_path / "home"))


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("categories")
    members = {FIRST: [chatgpt("plain")], SECOND: [everything()]}
    run = Intake(Home.at(folder / "home")).drafted(write_zip(folder / "export.zip", members))
    with connect(run.database_draft, read_only=False) as connection:
        yield connection


@pytest.fixture
def draft(drafted: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A draft to be broken by hand; it is whole again afterwards."""
    drafted.execute("BEGIN")
    yield drafted
    drafted.execute("ROLLBACK")


def test_every_category_is_counted_by_file(draft: duckdb.DuckDBPyConnection) -> None:
    assert receipt_balances(draft).passed
    assert receipt_by_category(draft) == {
        FIRST: {"main_path": counts(messages=2, items=2, characters=len("How far is the moon?About 384,400 km."))},
        SECOND: {category: counts(**golden) for category, golden in GOLDEN.items()},
    }


def test_the_text_of_an_attached_file_is_not_the_person_speaking(intake: Intake, tmp_path: Path) -> None:
    talk = claude("talk", ["Read this", "Done"])
    talk["chat_messages"][0]["attachments"] = [
        {"file_name": "a.txt", "file_type": "txt", "file_size": 9, "extracted_content": "Nine tide"}
    ]
    found = by_category(intake, write(tmp_path / "conversations.json", [talk]))["conversations.json"]
    assert found["main_path"] == counts(messages=2, items=2, characters=len("Read this" + "Done"))
    assert found["attachment_text"]["items_kept"] == 2  # the text, and the reference to the file
    assert found["attachment_text"]["characters_kept"] >= len("Nine tide")


def test_every_kind_of_block_has_one_category() -> None:
    assert CATEGORY_OF_KIND.keys() <= set(BLOCK_KINDS)
    assert set(CATEGORY_OF_KIND.values()) | {"main_path", "side_branch", "hidden"} == set(CATEGORIES)


LOSSES = {
    "main_path": "DELETE FROM store.blocks WHERE message_id = 'answer'",
    "side_branch": "DELETE FROM store.blocks WHERE message_id = 'other'",
    "tool_call": "DELETE FROM store.blocks WHERE kind = 'tool_call'",
    "tool_result": "DELETE FROM store.blocks WHERE message_id = 'result'",
    "thinking": "DELETE FROM store.blocks WHERE kind = 'thinking'",
    "hidden": "DELETE FROM store.blocks WHERE message_id = 'system'",
    "attachment_text": "DELETE FROM store.attachments",
    "unknown_block": "DELETE FROM store.blocks WHERE message_id = 'odd'",
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_lost_part_turns_the_gate_red_and_is_named(draft: duckdb.DuckDBPyConnection, category: str) -> None:
    draft.execute(LOSSES[category])
    verdict = receipt_balances(draft)
    assert not verdict.passed
    named = {"member": SECOND, "category": category, "items_missing": 1, "items_not_held": 1}
    assert [offender for offender in verdict.offenders if "category" in offender] == [named]


@pytest.mark.parametrize(
    ("statement", "categories"),
    [
        ("DELETE FROM store.messages WHERE message_id = 'answer'", {"main_path"}),
        ("DELETE FROM store.messages WHERE message_id = 'other'", {"side_branch"}),
        ("DELETE FROM store.messages WHERE message_id = 'call'", {"hidden", "tool_call"}),
        ("DELETE FROM store.messages WHERE message_id = 'thought'", {"main_path", "thinking"}),
        ("UPDATE store.messages SET on_active_path = true WHERE message_id = 'other'", {"main_path", "side_branch"}),
        ("UPDATE store.messages SET visible = true WHERE message_id = 'system'", {"main_path", "hidden"}),
        ("UPDATE store.blocks SET kind = 'text' WHERE kind = 'thinking'", {"main_path", "thinking"}),
        ("DELETE FROM store.texts WHERE text = 'low'", {"tool_result"}),
        ("UPDATE store.receipt_categories SET characters_in = 1 WHERE category = 'thinking'", {"thinking"}),
        ("UPDATE store.receipt_categories SET characters_kept = 1 WHERE category = 'hidden'", {"hidden"}),
        ("UPDATE store.receipt_categories SET items_kept = 7 WHERE category = 'hidden'", {"hidden"}),
        ("DELETE FROM store.receipt_categories WHERE category = 'unknown_block'", {"unknown_block"}),
    ],
)
def test_a_change_behind_the_receipts_back_is_named(
    draft: duckdb.DuckDBPyConnection, statement: str, categories: set[str]
) -> None:
    draft.execute(statement)
    verdict = receipt_balances(draft)
    assert not verdict.passed
    found = [offender for offender in verdict.offenders if "category" in offender]
    assert {(offender["member"], offender["category"]) for offender in found} == {(SECOND, name) for name in categories}


def test_a_text_that_was_cut_on_its_way_in_is_named(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts are all there and the text has its row: only the characters tell."""
    from moonshine_assets.providers.rows import RowBatch

    digest = RowBatch._digest
    monkeypatch.setattr(RowBatch, "_digest", lambda batch, words: digest(batch, words[:10]))
    run = intake.drafted(write(tmp_path / "conversations.json", [chatgpt("talk", ["Short", "Fifteen letters"])]))
    with connect(run.database_draft, read_only=True) as connection:
        verdict = receipt_balances(connection)
    assert verdict.offenders == [{"member": "conversations.json", "category": "main_path", "characters_missing": 5}]


@pytest.mark.parametrize("newest", [FIRST, SECOND])
def test_copies_of_a_conversation_balance_in_the_file_they_stand_in(
    intake: Intake, tmp_path: Path, newest: str
) -> None:
    old, new = chatgpt("talk", ["Old", "Answer"]), chatgpt("talk", ["New question", "Answer"], updated=1.8e9)
    files = {name: [new, new] if name == newest else [old] for name in (FIRST, SECOND)}
    found = by_category(intake, write_zip(tmp_path / "export.zip", files))
    (older,) = {FIRST, SECOND} - {newest}
    assert found[newest] == {"main_path": counts(messages=2, items=2, characters=18, duplicate=1)}
    assert found[older] == {"main_path": counts(messages=2, items=2, characters=9, kept=0, duplicate=1)}


def test_what_did_not_parse_is_an_unknown_block_in_quarantine(intake: Intake, tmp_path: Path) -> None:
    bad_node = chatgpt("bad-node")
    bad_node["mapping"]["odd"] = "no object"
    members = {FIRST: [bad_node, {"mapping": 5, "conversation_id": "broken"}, bad_node], SECOND: [chatgpt("fine")]}
    found = by_category(intake, write_zip(tmp_path / "export.zip", members))
    unknown = {"items_in": 3, "items_duplicate": 1, "items_quarantined": 2}
    assert found[FIRST]["unknown_block"] == {**dict.fromkeys(CATEGORY_COUNTS, 0), **unknown}
    assert found[FIRST]["main_path"] == counts(messages=2, items=2, characters=37, duplicate=1)
    assert list(found[SECOND]) == ["main_path"]


def test_an_identical_copy_of_a_node_is_a_duplicate(intake: Intake, tmp_path: Path) -> None:
    talk = json.dumps(chatgpt("talk", ["Question", "Answer"]))
    place = talk.index('"talk-1": {')
    length = json.JSONDecoder().raw_decode(talk[place + len('"talk-1": ') :])[1] + len('"talk-1": ')
    doubled = talk[: place + length] + ", " + talk[place : place + length] + talk[place + length :]
    found = by_category(intake, write(tmp_path / "conversations.json", f"[{doubled}, {doubled}]".encode()))
    assert found["conversations.json"]["main_path"] == counts(messages=2, items=2, characters=14, duplicate=1)
    copies = counts(messages=1, items=1, characters=len("Answer"), kept=0, duplicate=2)
    assert found["conversations.json"]["side_branch"] == copies


def test_conversations_without_messages_have_no_categories(intake: Intake, tmp_path: Path) -> None:
    members = {FIRST: [chatgpt("empty", [])], SECOND: [chatgpt("fine")], "user.json": {"id": "user-1"}}
    assert list(by_category(intake, write_zip(tmp_path / "export.zip", members))) == [SECOND]


def test_it_stands_in_the_manifest_and_the_command_shows_it(intake: Intake, tmp_path: Path) -> None:
    run = intake.published(write_zip(tmp_path / "export.zip", {FIRST: [everything()], "user.json": {"id": "user-1"}}))
    expected = {category: counts(**golden) for category, golden in GOLDEN.items()}
    assert read_json(run.provenance)["receipt_by_category"] == {FIRST: expected}

    said = CliRunner().invoke(main, ["receipts", "--json", "--home", str(intake.home.root)])
    assert (said.exit_code, said.stderr) == (0, "")
    assert {row["file"]: row["categories"] for row in json.loads(said.stdout)} == {FIRST: expected, "sidecar": {}}

    shown = CliRunner().invoke(main, ["receipts", "--home", str(intake.home.root)]).stdout
    table = shown[shown.index(f"Receipt by category: {run.run_id}") :].splitlines()
    lines = {line.split(FIRST)[1][:20].strip(): line.split()[3:] for line in table if FIRST in line}
    assert lines["items in"] == lines["items kept"] == ["2", "1", "1", "1", "1", "1", "1", "1"]
    assert lines["messages kept"] == ["4", "1", "0", "0", "0", "3", "0", "0"]
    assert lines["characters kept"] == ["20", "19", "32", "3", "5", "8", "0", "36"]
    (head,) = (line for line in table if "count" in line)
    assert head.split("count")[1].split() == " ".join(CATEGORIES).replace("_", " ").split()


def test_the_matrix_leaves_out_counts_that_are_zero_everywhere() -> None:
    lines = category_matrix({"a.json": {"thinking": counts(items=2, characters=9)}})
    assert [line["count"] for line in lines] == ["items in", "items kept", "characters in", "characters kept"]
    assert lines[0] == {"file": "a.json", "count": "items in", **dict.fromkeys(CATEGORIES, 0), "thinking": 2}
