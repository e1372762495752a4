"""From a secured export to a draft database: what is odd costs itself alone, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node, claude, talks, write, write_zip
from intake import Intake, content_hash, files_of, query

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import chatgpt as adapter
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources.home import RunPaths

GOOD = [chatgpt("first"), chatgpt("second"), chatgpt("third")]
DEEP = b'{"mapping": ' + b'{"a":' * 60_000 + b"1" + b"}" * 60_000 + b"}"

BROKEN = {
    "not JSON": b'{"mapping": {"a": 1 2}}',
    "too many brackets": b'{"mapping": {}}}',
    "deep nesting": DEEP,
    "no object": b'"a string"',
    "null": b"null",
    "a mapping that is a list": b'{"mapping": [], "conversation_id": "x"}',
    "neither mapping nor messages": b'{"title": "x", "conversation_id": "x"}',
    "a raw NUL": b'{"mapping": \x00}',
    "two values": b'{"mapping": {}} {"mapping": {}}',
}


def array(*elements: bytes | dict[str, Any]) -> bytes:
    return b"[" + b",\n".join(e if isinstance(e, bytes) else json.dumps(e).encode() for e in elements) + b"]\n"


def build(intake: Intake, path: Path) -> RunPaths:
    """A draft whose gates all hold."""
    run = intake.drafted(path)
    assert [verdict for verdict in intake.gates(run).values() if not verdict.passed] == []
    return run


def receipt(run: RunPaths) -> dict[str, int]:
    """The counts of all files together, without those that are zero."""
    names = query(
        run.database_draft,
        "SELECT column_name FROM duckdb_columns() WHERE table_name = 'receipts'"
        " AND schema_name = 'store' AND data_type IN ('BIGINT', 'INTEGER') ORDER BY column_index",
    )
    sums = ", ".join(f"sum({name})" for (name,) in names)
    values = query(run.database_draft, f"SELECT {sums} FROM store.receipts")[0]
    return {name: int(value) for (name,), value in zip(names, values, strict=True) if value}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_one_broken_conversation_is_quarantined_byte_for_byte(intake: Intake, tmp_path: Path, broken: bytes) -> None:
    data = array(GOOD[0], broken, GOOD[1], GOOD[2])
    run = build(intake, write(tmp_path / "conversations.json", data))
    ((unit, raw, member, rank, start, end),) = query(
        run.database_draft, "SELECT unit, raw, raw_member, raw_index, raw_start, raw_end FROM store.quarantine"
    )
    assert (unit, raw, member, rank) == ("conversation", broken, "conversations.json", 1)
    assert data[start:end] == broken
    assert query(run.database_draft, "SELECT conversation_id FROM store.conversations ORDER BY raw_index") == [
        ("first",),
        ("second",),
        ("third",),
    ]
    assert receipt(run)["conversations_quarantined"] == 1
    assert receipt(run)["bytes_quarantined"] == len(broken)


def test_a_conversation_the_adapter_stumbles_over_costs_itself_alone(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = adapter.parse

    def stumble(data: memoryview, context: Any) -> Any:
        if b"second" in bytes(data):
            raise KeyError("words of a message")
        return parse(data, context)

    monkeypatch.setattr(adapter, "parse", stumble)
    run = build(intake, write(tmp_path / "conversations.json", GOOD))
    assert query(run.database_draft, "SELECT reason, raw_index FROM store.quarantine") == [
        ("the chatgpt adapter failed with KeyError", 1)
    ]


ODD_TEXT = {
    "half a pair": (b'"a\\ud83db"', "a\ufffdb"),
    "a pair": (b'"a\\ud83d\\ude00b"', "a😀b"),
    "an escaped NUL": (b'"a\\u0000b"', "ab"),
    "control characters": (b'"a\x01\tb\nc"', "a\x01\tb\nc"),
    "bytes that are not UTF-8": (b'"a\xff\xfeb"', "a\ufffd\ufffdb"),
    "a surrogate in UTF-8": (b'"a\xed\xa0\xbdb"', "a\ufffd\ufffd\ufffdb"),
    "what looks like the end": (b'"]}\\"[{,"', ']}"[{,'),
}


@pytest.mark.parametrize(("written", "read"), ODD_TEXT.values(), ids=ODD_TEXT)
def test_odd_text_is_taken_in_and_the_neighbours_are_untouched(
    intake: Intake, tmp_path: Path, written: bytes, read: str
) -> None:
    odd = json.dumps(chatgpt("odd", ["PLACE", "Yes."])).encode().replace(b'"PLACE"', written)
    data = array(GOOD[0], odd, GOOD[1])
    run = build(intake, write(tmp_path / "conversations.json", data))
    ((text, start, end),) = query(
        run.database_draft,
        "SELECT text, raw_start, raw_end FROM main.messages WHERE message_id = 'odd-0'",
    )
    assert (text, data[start:end]) == (read, odd)
    assert receipt(run).get("conversations_quarantined") is None
    assert receipt(run)["bytes_total"] == len(data)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_numbers_that_are_none_become_no_time(intake: Intake, tmp_path: Path, number: str) -> None:
    odd = json.dumps(chatgpt("odd")).replace("1700000000.0", number)
    run = build(intake, write(tmp_path / "conversations.json", array(odd.encode(), GOOD[0])))
    assert query(run.database_draft, "SELECT count(*) FROM store.messages WHERE conversation_id = 'odd'") == [(2,)]
    assert query(run.database_draft, "SELECT count(created_at) FROM store.messages WHERE message_id = 'odd-0'") == [
        (0,)
    ]


OLDER, NEWER = chatgpt("c", ["Old"], updated=1.6e9), chatgpt("c", ["Old", "New"], updated=1.8e9)


def copies(run: RunPaths) -> tuple[list[str], list[tuple[str, int]]]:
    """Texts that are current, and (bytes, index) of what was set aside."""
    kept = query(run.database_draft, "SELECT text FROM main.messages WHERE conversation_id = 'c' ORDER BY position")
    aside = query(
        run.database_draft,
        "SELECT raw::VARCHAR, raw_index FROM store.quarantine WHERE unit = 'older_copy' ORDER BY ALL",
    )
    return [text for (text,) in kept], aside


def test_an_identical_copy_is_counted_and_not_kept_twice(intake: Intake, tmp_path: Path) -> None:
    run = build(intake, write(tmp_path / "conversations.json", [NEWER, GOOD[0], NEWER]))
    assert copies(run) == (["Old", "New"], [])
    assert receipt(run)["conversations_duplicate"] == 1
    assert receipt(run)["nodes_duplicate"] == 3


@pytest.mark.parametrize("order", [(OLDER, NEWER), (NEWER, OLDER)], ids=["newer last", "older last"])
def test_the_newest_copy_is_current_and_the_older_one_is_kept(
    intake: Intake, tmp_path: Path, order: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    run = build(intake, write(tmp_path / "conversations.json", [order[0], GOOD[0], order[1]]))
    rank = 0 if order[0] is OLDER else 2
    raw = query(run.database_draft, "SELECT raw, raw_index FROM store.quarantine")
    assert copies(run)[0] == ["Old", "New"]
    assert raw == [(json.dumps(OLDER).encode(), rank)]
    found = receipt(run)
    assert (found["conversations_in"], found["conversations_duplicate"], found["conversations_older"]) == (3, 1, 1)
    assert found["nodes_duplicate"] == 2


def test_of_copies_with_the_same_time_the_larger_is_current(intake: Intake, tmp_path: Path) -> None:
    short, long = chatgpt("c", ["One"]), chatgpt("c", ["One", "Two"])
    run = build(intake, write(tmp_path / "conversations.json", [short, long, short]))
    assert copies(run)[0] == ["One", "Two"]
    assert len(copies(run)[1]) == 2


def test_copies_across_the_shards_of_a_zip_are_told_by_their_member(intake: Intake, tmp_path: Path) -> None:
    middle = chatgpt("c", ["Middle"], updated=1.7e9)
    shards = {"conversations-000.json": [OLDER], "conversations-001.json": [middle], "conversations-002.json": [NEWER]}
    run = build(intake, write_zip(tmp_path / "export.zip", shards))
    assert copies(run)[0] == ["Old", "New"]
    assert query(run.database_draft, "SELECT raw_member, raw FROM store.quarantine ORDER BY ALL") == [
        ("conversations-000.json", json.dumps(OLDER).encode()),
        ("conversations-001.json", json.dumps(middle).encode()),
    ]


def test_a_bad_node_of_an_older_copy_counts_with_its_copy(intake: Intake, tmp_path: Path) -> None:
    older = chatgpt("c", ["Old"], updated=1.6e9)
    older["mapping"]["odd"] = 7
    newer = chatgpt("c", ["Old", "New"], updated=1.8e9)
    newer["mapping"]["odd"] = 8
    run = build(intake, write(tmp_path / "conversations.json", [older, newer]))
    assert query(run.database_draft, "SELECT unit, raw FROM store.quarantine ORDER BY ALL") == [
        ("node", b"8"),
        ("older_copy", json.dumps(older).encode()),
    ]


def test_texts_of_an_older_copy_do_not_stay_behind(intake: Intake, tmp_path: Path) -> None:
    older = chatgpt("c", ["Only in the older copy"], updated=1.6e9)
    run = build(intake, write(tmp_path / "conversations.json", [older, NEWER]))
    assert query(run.database_draft, "SELECT text FROM store.texts ORDER BY ALL") == [("New",), ("Old",)]


def test_an_account_exported_twice_is_exchanged_in_few_passes(intake: Intake, tmp_path: Path) -> None:
    first = talks(1, 300, 4)
    second = [{**talk, "update_time": 1.9e9} for talk in talks(1, 300, 4)]
    run = build(
        intake, write_zip(tmp_path / "export.zip", {"conversations-0.json": first, "conversations-1.json": second})
    )
    found = receipt(run)
    assert (found["conversations_written"], found["conversations_older"]) == (300, 300)
    assert query(run.database_draft, "SELECT DISTINCT raw_member FROM store.conversations") == [
        ("conversations-1.json",)
    ]


def test_node_ids_shared_by_conversations_stay_apart(intake: Intake, tmp_path: Path) -> None:
    one = chatgpt("one", nodes=[chatgpt_node("shared", None, "user", "First")])
    two = chatgpt("two", nodes=[chatgpt_node("shared", None, "user", "Second")])
    run = build(intake, write(tmp_path / "conversations.json", [one, two]))
    assert query(
        run.database_draft,
        "SELECT count(DISTINCT record_uid), count(*) FROM store.messages WHERE message_id = 'shared'",
    ) == [(2, 2)]


@pytest.mark.parametrize(
    ("nodes", "flags"),
    [
        ([("a", "b"), ("b", "a")], ["cycle"]),
        ([("a", "a")], ["cycle"]),
        ([("a", "gone"), ("b", "a")], ["orphans"]),
    ],
    ids=["cycle", "own parent", "missing root"],
)
def test_broken_trees_are_kept_whole_and_flagged(
    intake: Intake, tmp_path: Path, nodes: list[tuple[str, str]], flags: list[str]
) -> None:
    broken = chatgpt("broken", nodes=[chatgpt_node(name, parent, "user", name) for name, parent in nodes])
    run = build(intake, write(tmp_path / "conversations.json", [broken, GOOD[0]]))
    assert query(
        run.database_draft, "SELECT message_count, flags FROM store.conversations WHERE conversation_id = 'broken'"
    ) == [(len(nodes), flags)]


def test_keys_of_a_map_that_come_again_are_both_conversations(intake: Intake, tmp_path: Path) -> None:
    one, two = (json.dumps(chatgpt(name)).encode() for name in ("one", "two"))
    run = build(intake, write(tmp_path / "export.json", b'{"key": %s, "key": %s}' % (one, two)))
    assert receipt(run)["conversations_written"] == 2


def test_a_map_lends_its_key_to_a_conversation_without_an_id(intake: Intake, tmp_path: Path) -> None:
    nameless = {key: value for key, value in chatgpt("x").items() if key not in ("id", "conversation_id")}
    run = build(intake, write(tmp_path / "export.json", {"given": nameless}))
    assert query(run.database_draft, "SELECT conversation_id FROM store.conversations") == [("given",)]


def test_json_inside_a_json_string_balances_to_the_byte_of_the_file(intake: Intake, tmp_path: Path) -> None:
    told_twice = json.dumps([*GOOD, chatgpt("é", ["\u00e9\n\ud83d\ude00"])], ensure_ascii=True)
    path = write(tmp_path / "export.json", told_twice)
    run = build(intake, path)
    assert receipt(run)["bytes_total"] == path.stat().st_size
    assert receipt(run)["conversations_written"] == 4


def test_every_file_of_a_zip_is_in_the_receipt(intake: Intake, tmp_path: Path) -> None:
    members = {
        "conversations.json": GOOD,
        "user.json": {"id": 1},
        "file-1-picture.png": b"\x89PNG",
        "__MACOSX/._user.json": b"1234",
    }
    path = write_zip(tmp_path / "export.zip", members)
    run = build(intake, path)
    assert query(run.database_draft, "SELECT member, member_role FROM store.receipts ORDER BY ALL") == [
        ("__MACOSX/._user.json", "ignored"),
        ("conversations.json", "conversations"),
        ("file-1-picture.png", "attachment"),
        ("user.json", "sidecar"),
    ]


@pytest.mark.parametrize("kind", ["folder", "zip", "file"])
def test_folder_zip_and_file_hold_the_same_messages(intake: Intake, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "export"
    if kind == "folder":
        write(place / "conversations.json", GOOD)
    elif kind == "zip":
        write_zip(place, {"conversations.json": GOOD})
    else:
        write(place, GOOD)
    run = build(intake, place)
    assert query(run.database_draft, "SELECT count(*), count(DISTINCT raw_member) FROM store.messages") == [(6, 1)]


def test_an_export_without_any_text_is_an_error_and_no_success(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", [chatgpt("a", []), chatgpt("b", [])])
    with pytest.raises(BadInput, match=r"^conversations\.json: no text at all was found"):
        intake.drafted(path)


def test_a_shard_that_is_cut_off_refuses_the_run_and_leaves_no_draft(intake: Intake, tmp_path: Path) -> None:
    whole = json.dumps([chatgpt("two")]).encode()
    for end in (1, 7, len(whole) // 2, len(whole) - 1):
        members = {"conversations-000.json": GOOD, "conversations-001.json": whole[:end]}
        path = write_zip(tmp_path / "export.zip", members)
        before = path.read_bytes()
        with pytest.raises(BadInput, match=rf"^export\.zip: conversations-001\.json: .* cut off at byte {end}, "):
            intake.drafted(path)
        assert path.read_bytes() == before
        assert not [name for name in files_of(intake.home) if ".db" in name or name.startswith("work/")]


def test_what_a_crash_left_of_a_draft_is_replaced(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", GOOD)
    run = build(intake, path)
    right = content_hash(run.database_draft)
    run.database_draft.write_bytes(b"half a database")
    run.database_draft.with_name(run.database_draft.name + ".wal").write_bytes(b"half a log")
    write(run.work / "member-000000", b"half a member")
    assert content_hash(build(intake, path).database_draft) == right


@pytest.mark.parametrize("write_one", [chatgpt, claude])
def test_the_same_bytes_give_the_same_rows_every_time(intake: Intake, tmp_path: Path, write_one: Any) -> None:
    path = write(tmp_path / "export.json", [write_one("one"), write_one("two", ["A question"])])
    first = content_hash(build(intake, path).database_draft)
    assert content_hash(build(intake, path).database_draft) == first


def test_progress_ends_at_the_size_of_the_conversation_files(intake: Intake, tmp_path: Path) -> None:
    path = write(tmp_path / "conversations.json", GOOD)
    run = intake.registered(path)
    told: list[tuple[int, int]] = []
    build_draft(run, read_lock(run), secure(run).path, intake.count_many, lambda *step: told.append(step))
    assert [total for _, total in told] == [path.stat().st_size] * 3
    assert sorted(told) == told
