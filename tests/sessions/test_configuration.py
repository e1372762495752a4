"""moon.toml and the environment: what applies, from where, and what is refused with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.configuration import Configuration, load
from moonshine_assets.sessions.settings import Settings

SECRET = "a-token-nobody-may-see"


def loaded(folder: Path, text: str = "", **environment: str) -> Configuration:
    path = folder / "moon.toml"
    if text:
        path.write_text(text, "utf-8")
    return load(path, environment)


def test_without_a_file_the_defaults_apply(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.settings == Settings()
    assert found.origins == {}
    assert (
        found.settings.thresholds.archive,
        found.settings.thresholds.prune,
        found.settings.thresholds.distill,
    ) == (0.80, 0.85, 0.90)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    text = '[thresholds]\narchive = 0.5\nprune = 0.6\n[windows]\n"model[1m]" = 1000000\n'
    found = loaded(tmp_path, text, MOON_THRESHOLDS_ARCHIVE="0.55", UNRELATED="x")
    assert found.settings.thresholds.archive == 0.55
    shown = {one.key: (one.value, one.origin) for one in found.shown()}
    assert shown["thresholds.archive"] == (0.55, "environment MOON_THRESHOLDS_ARCHIVE")
    assert shown["thresholds.prune"] == (0.6, "moon.toml")
    assert shown["thresholds.distill"] == (0.9, "default")
    assert shown["windows.model[1m]"] == (1_000_000, "moon.toml")


@pytest.mark.parametrize(
    ("variable", "text", "section", "key", "value"),
    [
        ("MOON_WATCHER_COOLDOWN_SECS", "5", "watcher", "cooldown_secs", 5),
        ("MOON_OPENCLAW_OWN_COMPACTION", "false", "openclaw", "own_compaction", False),
        ("MOON_CODEX_ENABLED", "0", "codex", "enabled", False),
        ("MOON_OPENCLAW_STATE_DIR", "123", "openclaw", "state_dir", "123"),
        ("MOON_ESTIMATE_PATHS", '["/a/*.jsonl", "~/b"]', "estimate", "paths", ("/a/*.jsonl", "~/b")),
    ],
)
def test_a_variable_is_taken_as_its_keys_type(
    tmp_path: Path, variable: str, text: str, section: str, key: str, value: object
) -> None:
    settings = loaded(tmp_path, **{variable: text}).settings
    assert getattr(getattr(settings, section), key) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[thresholds]\narchiv = 0.5\n", "unknown key thresholds.archiv; did you mean the key 'archive'?"),
        ("[treshold]\narchive = 0.5\n", "unknown section 'treshold'; did you mean the section 'thresholds'?"),
        ("cooldown_secs = 5\n", "unknown section 'cooldown_secs'; it belongs below [watcher]"),
        ("[codex]\nzzz = 1\n", "known are enabled, folder"),
        ("[watcher]\ncooldown_secs = 'x'\n", "Expected `int`, got `str`"),
        ("[watcher]\ncooldown_secs = -1\n", ">= 0"),
        ("thresholds = 3\n", "got `int`"),
        ("[thresholds\n", "not valid TOML"),
        ("[thresholds]\nprune = 0.95\n", "hysteresis < archive < prune < distill"),
        ("[distill]\nresidential_timezone = 'Mars/Base'\n", "no time zone"),
        ("[openclaw]\nsource = 'guess'\n", "guess"),
    ],
    ids=str,
)
def test_a_wrong_file_is_refused_with_what_to_do(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        loaded(tmp_path, text)
    assert hint in str(refused.value)
    assert "moon.toml" in refused.value.where
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("MOON_THRESHOLDS_ARCHIV", "'MOON_THRESHOLDS_ARCHIVE'"),
        ("MOON_THRESHOLD_ARCHIVE", "'MOON_THRESHOLDS_ARCHIVE'"),
        ("MOON_WATCHER_COOLDOWN", "'MOON_WATCHER_COOLDOWN_SECS'"),
    ],
)
def test_a_slip_in_a_variable_is_refused(tmp_path: Path, variable: str, hint: str) -> None:
    with pytest.raises(BadInput, match=hint):
        loaded(tmp_path, **{variable: "0.5"})


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, MOON_PHASE="full", MOON_HOME="/somewhere", MOONSHINE_HOME="/x").settings == Settings()


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    text = f'[openclaw]\ngateway_token = "{SECRET}"\n'
    found = loaded(tmp_path, text)
    assert found.settings.openclaw.gateway_token == SECRET
    one = next(one for one in found.shown() if one.is_secret)
    assert (one.key, one.value, one.is_set, one.origin) == ("openclaw.gateway_token", None, True, "moon.toml")
    assert SECRET not in repr(found.shown())


@pytest.mark.parametrize(
    "text",
    [
        f'[openclaw]\ngateway_token = ["{SECRET}"]\n',
        f'[openclaw]\ngateway_token = "{SECRET}\n',
        f'[openclaw]\ngateway_token = "{SECRET}"\ngateway_token = "{SECRET}"\n',
        f'[openclaw]\ngateway_tokn = "{SECRET}"\n',
    ],
)
def test_an_error_does_not_repeat_a_value(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        loaded(tmp_path, text)
    assert SECRET not in str(refused.value)
