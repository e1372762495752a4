"""What `moon.toml` may say, with every default: the one declaration of its sections and keys."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from moonshine_assets.sessions.contracts import DistillTriggers

Share = Annotated[float, Meta(gt=0, lt=1)]
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
#: A value that is never shown.
Secret = Annotated[str, Meta(extra={"secret": True})]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Thresholds(Section, frozen=True):
    """Shares of the effective window at which a stage is due; `hysteresis` below one it is armed again."""

    archive: Share = 0.80
    prune: Share = 0.85
    distill: Share = 0.90
    hysteresis: Share = 0.05


class Watcher(Section, frozen=True):
    """Times of the watcher, seconds. It looks every `poll_interval_secs`. Sessions that nobody went on with for
    `active_within_secs` are left alone, and what is known of them is forgotten after `forget_after_secs`. A stage not
    reported within `action_timeout_secs` is given out again. A session whose numbers are in doubt is archived at most
    every `doubt_interval_secs`."""

    poll_interval_secs: Positive = 30
    cooldown_secs: Count = 60
    active_within_secs: Positive = 86_400
    action_timeout_secs: Positive = 900
    doubt_interval_secs: Positive = 900
    forget_after_secs: Positive = 2_592_000


class Prune(Section, frozen=True):
    """Making a session smaller. `mode`: where our hooks are installed, for every agent, or never. Claude Code and Codex
    are pruned only when the session was not changed for `idle_secs`. Of a tool's output a pruned copy keeps
    `keep_head_chars` and `keep_tail_chars`. An agent's own compaction may take `timeout_secs`."""

    mode: Literal["installed", "always", "never"] = "installed"
    idle_secs: Count = 120
    keep_head_chars: Count = 800
    keep_tail_chars: Count = 400
    timeout_secs: Positive = 600


class Distill(Section, frozen=True):
    """Bounds of a distillation, and the time zone whose days memory is kept by."""

    max_per_cycle: Positive = 1
    residential_timezone: str = "UTC"
    chunk_bytes: Positive = 65_536
    max_chunks: Positive = 64
    model_context_tokens: Positive = 200_000


class LanguageModel(Section, frozen=True):
    """Who distils: `local` reads by rules, on this machine; any other sends texts of sessions to that provider, and
    falls back to local. Keys come from the environment alone. `model` and `base_url` empty: the provider's own."""

    provider: Literal["local", "gemini", "openai", "anthropic", "openai-compatible"] = "local"
    model: str = ""
    base_url: str = ""
    timeout_secs: Positive = 45
    retries: Count = 2


class Continuity(Section, frozen=True):
    """What a new session is told of the one before it: at most `block_tokens` tokens, and nothing of a session that
    was distilled more than `offer_valid_secs` ago."""

    block_tokens: Positive = 2_000
    offer_valid_secs: Positive = 604_800


class OpenClaw(Section, frozen=True):
    """OpenClaw. `state_dir` empty: OPENCLAW_STATE_DIR, else ~/.openclaw. `source`: its files, its command, or its
    command where there are no files (auto). `own_compaction` false: its compaction is switched off in its settings.
    `rollover`: a session that was distilled gets a successor, which is told of it."""

    enabled: bool = True
    state_dir: str = ""
    source: Literal["auto", "files", "command"] = "auto"
    command: str = "openclaw"
    command_timeout_secs: Positive = 60
    gateway_token: Secret = ""
    own_compaction: bool = True
    rollover: bool = True


class ClaudeCode(Section, frozen=True):
    """Claude Code. `folder` empty: CLAUDE_CONFIG_DIR, else ~/.claude. `command` compacts an idle session."""

    enabled: bool = True
    folder: str = ""
    command: str = "claude"
    own_compaction: bool = True


class Codex(Section, frozen=True):
    """Codex. `folder` empty: CODEX_HOME, else ~/.codex. `command` compacts an idle session. `auto_compact_token_limit`
    is what its own setting `model_auto_compact_token_limit` says; 0: it is not set."""

    enabled: bool = True
    folder: str = ""
    command: str = "codex"
    auto_compact_token_limit: Count = 0
    own_compaction: bool = True


class Estimate(Section, frozen=True):
    """Session files of other tools (glob patterns), measured by counting their tokens against one window."""

    paths: tuple[str, ...] = ()
    window_tokens: Positive = 128_000


class Export(Section, frozen=True):
    """Archived sessions as exports for the pipeline: those that were not archived again for `settled_secs`, and of one
    that goes on no more than one in `again_secs`."""

    enabled: bool = True
    settled_secs: Count = 3_600
    again_secs: Count = 86_400


class Qmd(Section, frozen=True):
    """QMD beside the built-in index, where it is installed: it is kept up with the texts, and asked too."""

    enabled: bool = False
    command: str = "qmd"
    timeout_secs: Positive = 30
    index_timeout_secs: Positive = 900


class Settings(Section, frozen=True):
    """Everything. `windows` are context windows by model name; they win over those that are known."""

    thresholds: Thresholds = Thresholds()
    watcher: Watcher = Watcher()
    prune: Prune = Prune()
    distill: Distill = Distill()
    language_model: LanguageModel = LanguageModel()
    continuity: Continuity = Continuity()
    openclaw: OpenClaw = OpenClaw()
    claude_code: ClaudeCode = ClaudeCode()
    codex: Codex = Codex()
    estimate: Estimate = Estimate()
    export: Export = Export()
    qmd: Qmd = Qmd()
    windows: dict[str, Positive] = {}

    def distill_triggers(self) -> DistillTriggers:
        """The contract record of the values that trigger a distillation."""
        bounds = msgspec.structs.asdict(self.distill)
        return DistillTriggers(cooldown_secs=self.watcher.cooldown_secs, **bounds)
