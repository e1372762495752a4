"""Hooks come into an agent's settings and go out again, and its owner's file is never the worse for it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.sessions.hooks import manifest as manifests
from moonshine_assets.sessions.hooks import plugin
from moonshine_assets.sessions.hooks.agents import Agent, agents, named
from moonshine_assets.sessions.hooks.edits import with_hooks, with_plugin, without_hooks, without_plugin
from moonshine_assets.sessions.hooks.installation import Change, install, is_installed, uninstall
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from sessions.logs import NOW

NAMES = ("claude-code", "codex", "openclaw")
#: Files as owners write them: indented by hand, with tabs, on one line, with Windows line ends, empty.
FILES = {
    "two spaces": b'{\n  "model": "opus",\n  "hooks": {\n    "PreCompact": [\n      {"hooks": []}\n    ]\n  }\n}\n',
    "tabs": b'{\n\t"env": {"A": "1"}\n}',
    "one line": b'{"permissions":{"allow":["Bash(ls:*)"]},"plugins":{"allow":["x"]}}',
    "windows": b'{\r\n  "b": 1,\r\n  "a": "\xc3\xbc"\r\n}\r\n',
    "empty": b"",
}


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Agent]:
    folders = {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex", "OPENCLAW_STATE_DIR": "openclaw"}
    for name in folders.values():
        (tmp_path / name).mkdir()
    return agents(Settings(), {variable: str(tmp_path / name) for variable, name in folders.items()})


def all_commands(config: Any) -> list[str]:
    return [
        hook["command"]
        for groups in config.get("hooks", {}).values()
        for group in groups
        for hook in group["hooks"]
        if "moonshine" in hook["command"] or "moon hook" in hook["command"]
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FILES)
def test_uninstalling_gives_the_file_back_byte_for_byte(
    home: Home, known: dict[str, Agent], name: str, form: str
) -> None:
    agent = known[name]
    agent.file.write_bytes(FILES[form])
    agent.file.chmod(0o640)
    assert install(home, agent, NOW).what == "installed"
    assert agent.file.read_bytes() != FILES[form]
    assert stat.S_IMODE(agent.file.stat().st_mode) == 0o640
    assert is_installed(home, agent.provider)
    assert uninstall(home, agent) == Change(name, str(agent.file), "restored")
    assert agent.file.read_bytes() == FILES[form]
    assert not is_installed(home, agent.provider)
    assert not any(home.moon_hooks.iterdir()), "nothing of ours is left"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_not_there_is_gone_again(home: Home, known: dict[str, Agent], name: str) -> None:
    install(home, known[name], NOW)
    assert stat.S_IMODE(known[name].file.stat().st_mode) == 0o600
    assert uninstall(home, known[name]).what == "restored"
    assert not known[name].file.exists()
    assert uninstall(home, known[name]).what == "not installed"


@pytest.mark.parametrize("name", NAMES)
def test_installing_again_changes_nothing(home: Home, known: dict[str, Agent], name: str) -> None:
    known[name].file.write_bytes(FILES["two spaces"])
    install(home, known[name], NOW)
    before = {path: path.read_bytes() for path in [known[name].file, *home.moon_hooks.rglob("*")] if path.is_file()}
    assert install(home, known[name], NOW + 5).what == "unchanged"
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", NAMES)
def test_what_its_owner_changed_meanwhile_stays(home: Home, known: dict[str, Agent], name: str) -> None:
    agent = known[name]
    agent.file.write_bytes(FILES["one line"])
    install(home, agent, NOW)
    edited = json.loads(agent.file.read_text())
    edited["added"] = {"by": "its owner"}
    edited["permissions"]["allow"] = []
    agent.file.write_text(json.dumps(edited))
    assert uninstall(home, agent).what == "taken out"
    assert json.loads(agent.file.read_text()) == {
        "permissions": {"allow": []},
        "plugins": {"allow": ["x"]},
        "added": {"by": "its owner"},
    }


def test_hooks_of_others_in_the_same_event_stay(home: Home, known: dict[str, Agent]) -> None:
    agent = known["claude-code"]
    other = {"type": "command", "command": "notify"}
    agent.file.write_text(json.dumps({"hooks": {"PreCompact": [{"hooks": [other]}], "Stop": [{"hooks": [other]}]}}))
    install(home, agent, NOW)
    config = json.loads(agent.file.read_text())
    assert len(all_commands(config)) == 2
    assert config["hooks"]["PreCompact"][0] == {"hooks": [other]}
    assert config["hooks"]["SessionStart"][0]["matcher"] == "startup|clear|compact"
    # its owner moves ours into a group of his own
    config["hooks"]["PreCompact"] = [{"hooks": [other, *config["hooks"]["PreCompact"][1]["hooks"]]}]
    agent.file.write_text(json.dumps(config))
    uninstall(home, agent)
    assert json.loads(agent.file.read_text()) == {
        "hooks": {"PreCompact": [{"hooks": [other]}], "Stop": [{"hooks": [other]}]}
    }


def test_a_new_place_of_the_program_replaces_the_command_and_the_first_file_is_still_given_back(
    home: Home, known: dict[str, Agent], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agent = known["codex"]
    agent.file.write_bytes(FILES["tabs"])
    install(home, agent, NOW)
    old = all_commands(json.loads(agent.file.read_text()))
    monkeypatch.setattr("sys.executable", str(tmp_path / "elsewhere" / "python"))
    assert install(home, agent, NOW).what == "updated"
    new = all_commands(json.loads(agent.file.read_text()))
    assert len(new) == len(old) == 2
    assert not set(new) & set(old)
    uninstall(home, agent)
    assert agent.file.read_bytes() == FILES["tabs"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("broken", [b'{"a": 1,}', b"// comment\n{}", b"[]", b"\xff\xfe{"])
def test_a_file_that_is_not_understood_is_refused_and_left(
    home: Home, known: dict[str, Agent], name: str, broken: bytes
) -> None:
    known[name].file.write_bytes(broken)
    with pytest.raises(BadInput, match=r"not (valid JSON|a JSON object)") as refusal:
        install(home, known[name], NOW)
    assert str(known[name].file) in str(refusal.value)
    assert known[name].file.read_bytes() == broken
    assert not is_installed(home, known[name].provider)


def test_a_file_broken_after_installing_is_left_and_can_be_mended(home: Home, known: dict[str, Agent]) -> None:
    agent = known["codex"]
    agent.file.write_text("{}")
    install(home, agent, NOW)
    whole = agent.file.read_bytes()
    agent.file.write_bytes(whole[:-5])
    with pytest.raises(BadInput, match="not valid JSON"):
        uninstall(home, agent)
    assert agent.file.read_bytes() == whole[:-5]
    agent.file.write_bytes(whole)
    assert uninstall(home, agent).what == "restored"


def test_a_link_to_the_settings_stays_a_link(home: Home, known: dict[str, Agent], tmp_path: Path) -> None:
    agent = known["claude-code"]
    real = tmp_path / "dotfiles.json"
    real.write_text('{"a": 1}')
    agent.file.symlink_to(real)
    install(home, agent, NOW)
    assert agent.file.is_symlink()
    assert len(all_commands(json.loads(real.read_text()))) == 2
    uninstall(home, agent)
    assert (agent.file.is_symlink(), real.read_text()) == (True, '{"a": 1}')


def test_settings_lost_after_installing_are_not_made_up(home: Home, known: dict[str, Agent]) -> None:
    agent = known["claude-code"]
    agent.file.write_text('{"a": 1}')
    install(home, agent, NOW)
    agent.file.write_text('{"a": 2}')
    assert uninstall(home, agent).what == "taken out"
    assert agent.file.read_text() == '{"a": 2}', "our part was out already"


def test_an_owner_who_switched_plugins_off_is_heard(home: Home, known: dict[str, Agent]) -> None:
    agent = known["openclaw"]
    for config in ({"plugins": {"enabled": False}}, {"plugins": {"deny": ["moonshine"]}}):
        agent.file.write_text(json.dumps(config))
        with pytest.raises(BadInput, match=r"switched off|denied"):
            install(home, agent, NOW)
        assert json.loads(agent.file.read_text()) == config


def test_the_plugin_of_openclaw_is_whole_and_mended_by_installing(home: Home, known: dict[str, Agent]) -> None:
    install(home, known["openclaw"], NOW)
    assert plugin.differing(home) == []
    words = json.loads((plugin.folder(home) / "command.json").read_text())["words"]
    assert words[-4:] == ["hook", "--home", str(home.root), "openclaw"]
    (plugin.folder(home) / "index.js").write_text("")
    assert plugin.differing(home) == ["index.js"]
    assert install(home, known["openclaw"], NOW).what == "unchanged"
    assert plugin.differing(home) == []
    config = json.loads(known["openclaw"].file.read_text())["plugins"]
    assert config == {"load": {"paths": [str(plugin.folder(home))]}, "entries": {"moonshine": {"enabled": True}}}


def test_a_damaged_record_says_where_the_file_as_it_was_is(home: Home, known: dict[str, Agent]) -> None:
    known["codex"].file.write_text("{}")
    install(home, known["codex"], NOW)
    manifests.path_of(home, "codex").write_text("{")
    with pytest.raises(Corruption, match=r"codex\.before"):
        uninstall(home, known["codex"])


def test_keys_in_the_file_as_it_was_are_kept_from_others(home: Home, known: dict[str, Agent]) -> None:
    known["openclaw"].file.write_text('{"gateway": {"auth": {"token": "t"}}}')
    install(home, known["openclaw"], NOW)
    assert stat.S_IMODE(manifests.kept_of(home, "openclaw").stat().st_mode) == 0o600


def test_agents_are_those_named_or_those_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    (tmp_path / "codex").mkdir()
    absent = {"CLAUDE_CONFIG_DIR": str(tmp_path / "a"), "OPENCLAW_STATE_DIR": str(tmp_path / "b")}
    known = agents(Settings(), {**absent, "CODEX_HOME": str(tmp_path / "codex")})
    assert [agent.name for agent in named(known, ())] == ["codex"]
    assert [agent.name for agent in named(known, ("openclaw",))] == ["openclaw"]
    with pytest.raises(BadInput, match=r"unknown agent 'cladue'.*known are claude-code, codex, openclaw"):
        named(known, ("cladue",))
    with pytest.raises(BadInput, match="no agent was found"):
        named(agents(Settings(), {**absent, "CODEX_HOME": str(tmp_path / "c")}), ())


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_GROUPS = st.lists(
    st.fixed_dictionaries({"hooks": st.lists(st.fixed_dictionaries({"command": st.text()}))}), min_size=1
)
_CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "other": _VALUES,
        "hooks": st.dictionaries(st.sampled_from(["PreCompact", "SessionStart", "Stop"]), _GROUPS, min_size=1),
        "plugins": st.fixed_dictionaries(
            {"slots": st.just({"memory": "x"})},
            optional={
                "allow": st.lists(st.text(max_size=4), max_size=2),
                "load": st.fixed_dictionaries({"paths": st.lists(st.text(max_size=4), min_size=1, max_size=2)}),
                "entries": st.dictionaries(st.text(max_size=4), _VALUES, min_size=1, max_size=2),
            },
        ),
    },
)


@settings(max_examples=60)
@given(_CONFIGS)
def test_what_is_put_in_comes_out_and_nothing_else(config: dict[str, Any]) -> None:
    commands = {"PreCompact": "moon hook a", "SessionStart": "moon hook b"}
    assert without_hooks(with_hooks(config, commands, {}), set(commands.values())) == config
    assert without_plugin(with_plugin(config, "/a/folder/of/ours"), "/a/folder/of/ours") == config
