"""Keys, types, roles and values that nobody knows yet are seen, by name and count, and no text leaves with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, claude, write, write_zip
from hypothesis import given
from hypothesis import strategies as st
from intake import MOMENT

from moonshine_assets.errors import UnknownFormat
from moonshine_assets.exports.known.inventory import UNKNOWN, Known, load_known
from moonshine_assets.exports.radar import Inventory, observe
from moonshine_assets.exports.register import register, source_sha256
from moonshine_assets.exports.unseen import unseen
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home

NOTES = Known(
    "notes",
    keys={"id": frozenset(), "role": frozenset({"string"}), "parts": frozenset()},
    enums={"role": "role"},
    values={"role": frozenset("ab")},
)


def seen(value: Any, known: Known = UNKNOWN) -> dict[str, dict[str, int]]:
    """Key paths of one conversation with their types."""
    return {place.path: dict(place.types) for place in observe(json.dumps(value).encode(), known).places()}


def found(value: Any, known: Known) -> list[tuple[str, str, int]]:
    return [(item.path, item.kind, item.count) for item in unseen(observe(json.dumps(value).encode(), known), known)]


def test_key_paths_are_counted_by_type() -> None:
    assert seen({"a": 1, "b": [{"c": "x"}, {"c": None}, True]}) == {
        "a": {"number": 1},
        "b": {"array": 1},
        "b[]": {"object": 2, "boolean": 1},
        "b[].c": {"string": 1, "null": 1},
    }


@pytest.mark.parametrize(
    "key",
    [
        "My day in Rome",
        "6f1a2b3c-0000-4000-8000-000000000001",
        "0123456789abcdef",
        "42",
        "user@example.org",
        "x" * 65,
        "",
        "né",
        "call_Ab3dEf9hIjKlMnOp",
        "2026-01-31",
        "token_1700000000",
    ],
)
def test_a_key_that_may_be_an_id_or_words_becomes_a_star(key: str) -> None:
    assert set(seen({key: {"kind": 1}})) == {"*", "*.kind"}


def test_objects_that_are_all_alike_are_a_map_in_a_format_nobody_knows() -> None:
    people = {name: {"said": 1, "heard": 2} for name in ("Ada", "Bob", "Cleo")}
    assert set(seen({"people": people})) == {"people", "people.*", "people.*.said", "people.*.heard"}


def test_many_different_keys_end_in_one_star() -> None:
    many = {f"k{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}": n for n in range(600)}
    assert len(seen(many, Known("notes"))) <= 301


def test_only_declared_fields_show_their_values_and_only_short_ones() -> None:
    value = {"role": "c", "id": "c", "parts": [{"role": "two words"}, {"role": "x" * 41}, {"role": "0123456789abcdef"}]}
    places = {place.path: set(place.values) for place in observe(json.dumps(value).encode(), NOTES).places()}
    assert places == {"role": {"c"}, "id": set(), "parts": set(), "parts[]": set(), "parts[].role": set()}


def test_what_is_not_known_is_told_by_its_topmost_key_and_its_first_conversation() -> None:
    inventory = Inventory(NOTES)
    inventory.add(b'{"id": 1, "role": "a"}', 0)
    inventory.add(b'{"id": 1, "role": "z", "extra": {"inner": {"deep": 1}}}', 7)
    inventory.add(b'{"id": 1, "role": "z", "extra": {}}', 8)
    items = [(item.path, item.kind, item.count, item.example_rank) for item in unseen(inventory, NOTES)]
    assert items == [("extra", "key", 2, 7), ("role = z", "role", 2, 7)]


def test_the_inside_of_opaque_places_and_of_great_depth_is_left_alone() -> None:
    known = Known("notes", keys={"input": frozenset({"string"})}, opaque=frozenset({"input"}))
    assert found({"input": {"anything": {"at": "all"}}}, known) == []
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert len(seen({"a": deep})) <= 11


def test_keys_that_are_ids_or_words_are_nobodys_news() -> None:
    value = {"id": {"6f1a2b3c-0000-4000-8000-000000000001": {"k": 1}}, "My day in Rome": {"k": 1}, "role": "a"}
    assert found(value, NOTES) == []


def test_below_a_known_map_what_is_new_is_seen() -> None:
    known = Known("notes", maps=frozenset({"m"}), keys={"m": frozenset(), "m.*.a": frozenset()})
    assert found({"m": {"Ada": {"a": 1}, "Bob": {"a": 1, "b": 2}}}, known) == [("m.*.b", "key", 1)]


def test_an_object_or_a_list_where_only_plain_values_stood_is_seen() -> None:
    assert found({"role": ["a"]}, NOTES) == [("role", "json_type", 1)]
    assert found({"role": {"name": "a"}}, NOTES) == [("role", "json_type", 1)]
    assert found({"role": None, "id": ["a"]}, NOTES) == []


def test_the_keys_of_a_place_are_known_wherever_they_stand_again() -> None:
    known = Known("notes", same={"parts[]": "", "parts[].parts[]": ""}, keys=NOTES.keys, enums=NOTES.enums)
    value: dict[str, Any] = {"id": 1}
    for _ in range(3000):
        value = {"id": 1, "parts": [value]}
    inventory = Inventory(known)
    inventory.add_value({"parts": [value | {"extra": 1}]}, 0)
    assert [(item.path, item.count) for item in unseen(inventory, known)] == [("extra", 1)]


def test_a_field_whose_values_nobody_has_named_is_not_compared() -> None:
    known = Known("notes", keys=NOTES.keys, enums={"role": "role"})
    assert found({"role": "anything"}, known) == []


def test_what_is_no_json_is_counted_and_never_raises() -> None:
    inventory = observe(b"{not json", NOTES)
    assert (inventory.elements, inventory.unreadable, unseen(inventory, NOTES)) == (1, 1, [])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=60),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=50), inner, max_size=4),
        max_leaves=30,
    )
)
def test_any_json_gives_only_names_that_look_like_a_format(value: Any) -> None:
    for known in (UNKNOWN, NOTES):
        for place in observe(json.dumps(value).encode(), known).places():
            assert place.path.isascii() and " " not in place.path
            assert all(len(said) <= 40 and said.isascii() for said in place.values)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (chatgpt("c"), []),
        (chatgpt("c") | {"mood": "calm"}, [("mood", "key", 1)]),
        (chatgpt("c") | {"gizmo_type": "gem"}, [("gizmo_type = gem", "type", 1)]),
    ],
)
def test_a_new_key_or_type_of_a_chatgpt_conversation_is_seen(element: Any, expected: list[Any]) -> None:
    known = load_known("chatgpt")
    assert known is not None
    assert found(element, known) == expected


def changed_message(**changes: Any) -> dict[str, Any]:
    talk = chatgpt("c")
    talk["mapping"]["c-1"]["message"] |= changes
    return talk


@pytest.mark.parametrize(
    ("changes", "path", "kind"),
    [
        ({"author": {"role": "critic"}}, "author.role = critic", "role"),
        ({"content": {"content_type": "hologram", "parts": []}}, "content.content_type = hologram", "type"),
        ({"channel": "aside"}, "channel = aside", "value"),
        ({"status": "paused"}, "status = paused", "value"),
        ({"recipient": "oven.preheat"}, "recipient = oven", "recipient"),
        ({"metadata": {"aroma": 1}}, "metadata.aroma", "key"),
    ],
)
def test_a_new_role_type_channel_status_recipient_or_metadata_key_is_seen(
    changes: dict[str, Any], path: str, kind: str
) -> None:
    known = load_known("chatgpt")
    assert known is not None
    assert found(changed_message(**changes), known) == [(f"mapping.*.message.{path}", kind, 1)]


def test_a_new_block_of_a_claude_conversation_is_seen() -> None:
    known = load_known("claude")
    assert known is not None
    talk = claude("c")
    assert found(talk, known) == []
    talk["chat_messages"][1]["content"].append({"type": "hologram", "voxels": [1]})
    assert found(talk, known) == [
        ("chat_messages[].content[].type = hologram", "type", 1),
        ("chat_messages[].content[].voxels", "key", 1),
    ]


def test_an_export_nobody_claims_leaves_its_shape_and_its_bytes(home: Home, tmp_path: Path) -> None:
    value = [{"note": f"secret {n}", "tags": ["secret"], "at": n, "by": {"name": "Secret"}} for n in range(3)]
    path = write(tmp_path / "notes.json", value)
    sha256 = source_sha256(path)
    with pytest.raises(UnknownFormat, match=f"reports/sources/{sha256}.shape.json") as refusal:
        register(home, path, moment=MOMENT)
    assert refusal.value.exit_code == 2
    text = (home.sources / f"{sha256}.shape.json").read_text()
    assert "ecret" not in text
    (file,) = json.loads(text)["files"]
    assert (file["member"], file["wrapper"], file["elements"]) == ("notes.json", "array", 3)
    assert {key["path"]: key["types"] for key in file["keys"]} == {
        "at": {"number": 3},
        "by": {"object": 3},
        "by.name": {"string": 3},
        "note": {"string": 3},
        "tags": {"array": 3},
        "tags[]": {"string": 3},
    }
    assert (home.archive / "unknown" / sha256 / "notes.json").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_the_shape_of_a_container_names_its_files(home: Home, tmp_path: Path, kind: str) -> None:
    members = {"a/notes.json": [{"note": "x"}], "b/pages.json": [{"page": 1}], "c.png": b"\x89PNG"}
    path = tmp_path / "backup"
    if kind == "zip":
        write_zip(path, members)
    else:
        for name, value in members.items():
            write(path / name, value)
    sha256 = source_sha256(path)
    with pytest.raises(UnknownFormat):
        register(home, path, moment=MOMENT)
    report = read_json(home.sources / f"{sha256}.shape.json")
    assert [file["member"] for file in report["files"]] == ["a/notes.json", "b/pages.json"]
    assert report["other_files"] == {".png": 1}
    assert source_sha256(home.archive / "unknown" / sha256 / "backup") == sha256


@pytest.mark.parametrize("value", [b"[1, 2]", b"{}", b"[]"], ids=["numbers", "no keys", "nothing"])
def test_what_has_no_keys_has_no_shape_to_keep(home: Home, tmp_path: Path, value: bytes) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        register(home, write(tmp_path / "x.json", value), moment=MOMENT)
    assert "shape.json" not in str(refusal.value)
    assert not (home.archive / "unknown").exists()
