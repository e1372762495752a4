"""The inventories: every fixture and every published sample is known, and one new name of any kind is told once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.detect import detect
from moonshine_assets.exports.known import make_known
from moonshine_assets.exports.known.inventory import KNOWN_FOLDER, Known, below, known_from, load_known
from moonshine_assets.exports.known.make_known import extended, fixtures_of, look_into, skeleton
from moonshine_assets.exports.known.strict import strict_check
from moonshine_assets.exports.pieces import Piece
from moonshine_assets.exports.radar import Inventory
from moonshine_assets.exports.unseen import Unseen, unseen
from moonshine_resources.atomic import read_json
from moonshine_resources.home import PROJECT_ROOT

SAMPLES = PROJECT_ROOT.parent / "shared" / "samples"
PROVIDERS = sorted(BY_PROVIDER)
FIXTURES = [(provider, path) for provider in PROVIDERS for path in fixtures_of(provider)]

#: What published samples hold that no export does: names that were made up to be unknown, keys of another provider, a
#: field whose name was mistyped, records of a feedback file among the conversations.
ODD: dict[tuple[str, str], set[str]] = {
    ("chatgpt", "Sinity__polylogue__sample-00.json"): {"content", "rating", "user_id"},
    ("chatgpt", "Sinity__polylogue__sample-01.json"): {"content", "rating", "user_id"},
    ("claude", "aucontraire__insightmesh-core__claude_ai_export.json"): {
        "chat_messages[].extra_msg_field",
        "experimental_tag",
        "future_metadata",
    },
    ("claude", "osteele__claude-chat-viewer__conversation-with-errors.json"): {
        "chat_messages[].content[].data",
        "chat_messages[].content[].type = unknown_type",
    },
    ("claude_code", "daaain__claude-code-log__edge_cases.jsonl"): {"message.contenst", "silly", "timesstamp"},
    ("claude_code", "jazzyalex__agent-sessions__schema_drift.jsonl"): {
        "name",
        "project",
        "type = tool_result",
        "type = tool_use",
    },
    ("deepseek", "andrmkrff__deepseek-chat-export__sample_conversation.json"): {
        "conversation_template_id",
        "gizmo_id",
        "is_archived",
        "moderation_results",
    },
    ("openclaw", "jazzyalex__agent-sessions__schema_drift.jsonl"): {
        "agent",
        "message.role = system",
        "note",
        "type = compact",
    },
    ("pi", "kenn-io__agentsview__pi-session.jsonl"): {"type = unknown_future_entry_type"},
}
#: Values of samples that were masked, or made by a generator for any string.
_MASKED = re.compile(r".* = (?:[xX0]+|synthetic-\d+)")
_NEW_VALUE = "hologram"
_NEW_KEY = "aroma_of_tomorrow"


def known_of(provider: str) -> Known:
    known = load_known(provider)
    assert known is not None
    return known


def found_in(path: Path, known: Known) -> list[Unseen]:
    """What the radar finds in an export, a new format generation included."""
    inventory = Inventory(known)
    shapes = look_into(path, known, lambda piece: add(inventory, piece))
    assert inventory.unreadable <= 3
    new = [Unseen(shape, "shape", "object", 1, 0) for shape in sorted(shapes) if not known.has_shape(shape)]
    return new + unseen(inventory, known)


def add(inventory: Inventory, piece: Piece) -> None:
    if isinstance(piece, dict):
        inventory.add_value(piece, 0)
    else:
        inventory.add(piece, 0)


def values_of(provider: str) -> Iterator[Any]:
    """Every conversation or record of a provider's fixtures, decoded; those of things no export has left out."""
    known = known_of(provider)
    kept: list[Any] = []

    def keep(piece: Piece) -> None:
        try:
            kept.append(piece if isinstance(piece, dict) else decode(piece, Any)[0])
        except BadInput:
            return

    for path in fixtures_of(provider, known.invented):
        look_into(path, known, keep)
    yield from kept


def places(value: Any, known: Known, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object whose keys are compared, with its path."""
    path = known.same.get(path, path)
    if path in known.opaque:
        return
    if isinstance(value, dict):
        if path not in known.maps:
            yield path, value
        for key, item in value.items():
            yield from places(item, known, below(path, "*" if path in known.maps else key))
    elif isinstance(value, list):
        for item in value:
            yield from places(item, known, f"{path}[]")


def test_every_provider_has_an_inventory() -> None:
    assert {path.stem for path in KNOWN_FOLDER.glob("*.json")} == set(PROVIDERS)


@pytest.mark.parametrize(("provider", "path"), FIXTURES, ids=lambda value: getattr(value, "stem", value))
def test_a_fixture_has_nothing_unseen_but_what_was_made_up(provider: str, path: Path) -> None:
    known = known_of(provider)
    assert bool(found_in(path, known)) == (path.stem in known.invented), "see docs/adding-a-provider.md"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_making_the_inventory_again_changes_nothing(provider: str) -> None:
    said = read_json(make_known.path_of(provider))
    assert extended(said, fixtures_of(provider, said["invented"])) == said, "run make_known"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_inventory_holds_names_and_no_ids(provider: str) -> None:
    said = read_json(make_known.path_of(provider))
    names = {name for keys in said["keys"].values() for name in keys} | {
        v for vs in said["values"].values() for v in vs
    }
    assert all(re.fullmatch(r"[A-Za-z0-9_$.-]{1,64}", name) for name in names)
    assert not [name for name in names if re.fullmatch(r"[0-9a-fA-F-]{16,}|.*\d{6,}.*", name)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_new_key_in_any_object_is_told_once(provider: str) -> None:
    known = known_of(provider)
    tried: set[str] = set()
    for value in values_of(provider):
        for path, holder in list(places(value, known)):
            if path not in tried:
                tried.add(path)
                holder[_NEW_KEY] = {"inner": {"deep": 1}}
                told = told_of(value, known)
                del holder[_NEW_KEY]
                assert told == [(below(path, _NEW_KEY), "key", 1)]
    assert len(tried) >= 3


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_new_role_type_or_value_in_any_field_is_told_once(provider: str) -> None:
    known = known_of(provider)
    tried: set[str] = set()
    for value in values_of(provider):
        for path, holder in list(places(value, known)):
            for key in holder:
                field = known.same.get(below(path, key), below(path, key))
                if field in known.values and field not in tried and isinstance(holder[key], str):
                    tried.add(field)
                    before, holder[key] = holder[key], _NEW_VALUE
                    told = told_of(value, known)
                    holder[key] = before
                    assert told == [(f"{field} = {_NEW_VALUE}", known.enum(field), 1)]
    kinds = {known.enum(field) for field in tried}
    assert kinds & {"role", "type"}


def told_of(value: Any, known: Known) -> list[tuple[str, str, int]]:
    inventory = Inventory(known)
    inventory.add_value(value, 0)
    assert not strict_check(known)(json.dumps(value, allow_nan=False).encode())
    return [(item.path, item.kind, item.count) for item in unseen(inventory, known)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_strict_decoder_takes_holds_nothing_unseen(provider: str) -> None:
    known = known_of(provider)
    is_known = strict_check(known)
    taken = 0
    for value in values_of(provider):
        inventory = Inventory(known)
        inventory.add_value(value, 0)
        if is_known(json.dumps(value).encode()):
            taken += 1
            assert unseen(inventory, known) == []
    assert taken


SMALL = known_from(
    {
        **skeleton("notes"),
        "maps": ["m"],
        "opaque": ["free"],
        "same": {"again[]": ""},
        "keys": {"": {"a": "", "b": "string", "role": "string"}, "a[]": {"b": "number"}, "m.*": {"a": "array|null"}},
        "values": {"role": ["x", "y"]},
    }
)
_LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "y", "z", "two words", ""])
_KEYS = st.sampled_from(["a", "b", "m", "role", "free", "again", "new", "42"])


@given(
    st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)),
)
def test_the_strict_decoder_never_takes_what_is_not_known(value: Any) -> None:
    inventory = Inventory(SMALL)
    inventory.add_value(value, 0)
    if strict_check(SMALL)(json.dumps(value).encode()):
        assert unseen(inventory, SMALL) == []


def samples() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*/*") if path.is_file()) if SAMPLES.exists() else []


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}-{path.name}"[:90])
def test_a_published_sample_has_nothing_unseen_but_what_is_odd_about_it(path: Path, tmp_path: Path) -> None:
    try:
        with opened(path) as container:
            provider = detect(container, tmp_path).provider
    except BadInput:
        return
    told = {item.path for item in found_in(path, known_of(provider)) if not _MASKED.fullmatch(item.path)}
    assert told == ODD.get((provider, path.name), set())


def test_a_new_provider_gets_its_inventory_in_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_known, "KNOWN_FOLDER", tmp_path)
    (fixture,) = fixtures_of("deepseek")[-1:]
    make_known.main(["deepseek", str(fixture)])
    known = known_from(read_json(tmp_path / "deepseek.json"))
    assert "mapping.*.message.fragments[].type" in known.keys
    assert known.maps >= {"mapping"}
    assert found_in(fixture, known) == []
    text = (tmp_path / "deepseek.json").read_text()
    make_known.main(["deepseek", str(fixture)])
    assert (tmp_path / "deepseek.json").read_text() == text


def test_making_an_inventory_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_known, "KNOWN_FOLDER", tmp_path)
    said = skeleton("chatbotui") | {"keys": {"": {"only_described": ""}}, "values": {"role": ["critic"]}}
    (tmp_path / "chatbotui.json").write_text(json.dumps(said))
    make_known.main(["chatbotui"])
    after = read_json(tmp_path / "chatbotui.json")
    assert after["keys"][""]["only_described"] == ""
    assert after["values"]["role"] == ["critic"]
