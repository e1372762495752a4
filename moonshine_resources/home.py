"""The data home: the only place that knows where a file of Moonshine lives (DESIGN §3)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from moonshine_assets.errors import BadInput

#: `<provider>_YYYYMMDD_HHMMSS`, optionally `_2`, `_3` … for several runs locked within one second.
RUN_ID = re.compile(r"(?P<provider>[a-z][a-z0-9_]*?)_(?P<stamp>\d{8}_\d{6})(?:_\d+)?", re.ASCII)

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = "MOONSHINE_HOME"


def default_root() -> Path:
    """`MOONSHINE_HOME`, else `data/` of the project."""
    given = os.environ.get(ENVIRONMENT)
    return Path(given).expanduser().resolve() if given else PROJECT_ROOT / "data"


def provider_of(run_id: str) -> str:
    """The provider in a run id.

    Raises:
        BadInput: the text is no run id (it could otherwise become a path).
    """
    match = RUN_ID.fullmatch(run_id)
    if match is None:
        raise BadInput(
            f"{run_id!r} is not a run id",
            fix="a run id looks like chatgpt_20260131_235959; `moonshine status` lists them",
        )
    return match["provider"]


@dataclass(frozen=True, slots=True)
class RunPaths:
    """Where the files of one provider run live. `run_id` is checked, so no path can leave the home."""

    home: Path
    run_id: str

    @property
    def provider(self) -> str:
        return provider_of(self.run_id)

    @property
    def reports(self) -> Path:
        return self.home / "reports" / "providers" / self.provider / self.run_id

    @property
    def archive(self) -> Path:
        return self.home / "archive" / self.provider / self.run_id

    @property
    def lock(self) -> Path:
        """The source lock: which bytes this run is about."""
        return self.reports / "source_lock.json"

    @property
    def raw(self) -> Path:
        """Folder of the content-addressed raw export."""
        return self.archive / "raw"

    @property
    def database(self) -> Path:
        return self.reports / f"moonshine_{self.provider}_{self.run_id}.db"

    @property
    def database_draft(self) -> Path:
        return self.reports / f".draft.moonshine_{self.provider}_{self.run_id}.db"

    @property
    def ledger(self) -> Path:
        return self.reports / f"token_ledger.{self.provider}.{self.run_id}.json"

    @property
    def earlier_ledgers(self) -> Path:
        """Folder of the ledgers that the run's present one replaced, named by their SHA-256."""
        return self.reports / "earlier_ledgers"

    @property
    def raw_tokens(self) -> Path:
        """Raw token counts, kept from the reading of the export for its ledger."""
        return self.reports / "raw_tokens.json"

    @property
    def provenance(self) -> Path:
        return self.reports / "provenance_manifest.json"

    @property
    def publishing(self) -> Path:
        """Which database is about to get its final name; gone once its manifest is written."""
        return self.reports / ".publishing.json"

    @property
    def archive_manifest(self) -> Path:
        return self.archive / "archive_manifest.json"

    @property
    def work(self) -> Path:
        """Scratch space of the run; may be deleted whenever no process works on it."""
        return self.home / "work" / self.run_id

    @property
    def raw_work(self) -> Path:
        """Scratch space of its own for counting raw tokens, which goes on beside the reading."""
        return self.home / "work" / f"{self.run_id}.raw"


@dataclass(frozen=True, slots=True)
class Home:
    """The data home at `root`. Properties are paths; nothing is created by asking for one."""

    root: Path

    @classmethod
    def at(cls, root: str | os.PathLike[str] | None = None) -> Home:
        """The home at `root`, or the default one; always absolute."""
        return cls(Path(root).expanduser().resolve() if root else default_root())

    def run(self, run_id: str) -> RunPaths:
        provider_of(run_id)
        return RunPaths(self.root, run_id)

    @property
    def inbox(self) -> Path:
        return self.root / "exports"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def provider_reports(self) -> Path:
        return self.reports / "providers"

    @property
    def sources(self) -> Path:
        """One small file a known source, named by its SHA-256: which run took it in, or why it was refused."""
        return self.reports / "sources"

    @property
    def main(self) -> Path:
        return self.reports / "main"

    @property
    def mash(self) -> Path:
        return self.main / "moonshine_mash_active.db"

    @property
    def main_ledger(self) -> Path:
        return self.main / "token_ledger.main.json"

    @property
    def token_ledger(self) -> Path:
        return self.reports / "token_ledger.json"

    @property
    def merge_manifest(self) -> Path:
        return self.main / "merge_manifest.main.json"

    @property
    def mash_check(self) -> Path:
        """Which state of the mash every row was checked in."""
        return self.main / "mash_check.json"

    @property
    def reconciliation(self) -> Path:
        return self.main / "token_reconciliation.json"

    @property
    def authority_manifest(self) -> Path:
        return self.main / "reports_authority_manifest.json"

    @property
    def validation_manifest(self) -> Path:
        return self.reports / "validation_manifest.json"

    @property
    def validation_report(self) -> Path:
        return self.reports / "validation_report.md"

    @property
    def status_page(self) -> Path:
        """A person's page with the status block in it."""
        return self.reports / "README.md"

    @property
    def distillations(self) -> Path:
        return self.reports / "distillations"

    @property
    def distillation_runs(self) -> Path:
        """Ids of distillations by what they distilled."""
        return self.main / "distillation_runs.json"

    @property
    def distillation_manifest(self) -> Path:
        return self.reports / "moonshine_distillation_manifest.json"

    @property
    def corpus_report(self) -> Path:
        return self.reports / "moonshine_corpus_report.md"

    @property
    def report_page(self) -> Path:
        """The state of the home on one page."""
        return self.reports / "report.html"

    @property
    def visuals(self) -> Path:
        return self.reports / "visuals"

    @property
    def handoff(self) -> Path:
        return self.reports / "handoff"

    @property
    def audit_labels(self) -> Path:
        """What people said of rows: only ever added to, in no folder that is made anew."""
        return self.root / "audit" / "labels.jsonl"

    @property
    def audit_opinions(self) -> Path:
        """What a language model said of the same rows."""
        return self.root / "audit" / "opinions.jsonl"

    @property
    def vocabulary_cache(self) -> Path:
        return self.root / "cache" / "tiktoken"

    @property
    def verified_hashes(self) -> Path:
        """Hashes of archived files that need not be read again as long as they stay as they are."""
        return self.root / "cache" / "verified.json"

    @property
    def vocabulary_folder(self) -> Path:
        """Where the vocabulary is looked for: TIKTOKEN_CACHE_DIR if that is set, else the home's own cache."""
        chosen = os.environ.get("TIKTOKEN_CACHE_DIR")
        return Path(chosen) if chosen else self.vocabulary_cache

    @property
    def benchmark_lists(self) -> Path:
        """Texts that must not be trained on, as lists the user keeps; see docs/policy.md, Decontamination."""
        return self.root / "decontamination"

    @property
    def dagster(self) -> Path:
        """Storage of the Dagster instance of this home."""
        return self.root / "dagster"

    @property
    def mash_lock(self) -> Path:
        return self.root / "locks" / "mash_writer.lock"

    @property
    def registry_lock(self) -> Path:
        return self.root / "locks" / "source_registry.lock"

    @property
    def tombstones(self) -> Path:
        """What was forgotten, as hashes."""
        return self.root / "forgotten" / "tombstones.json"

    @property
    def forget_intent(self) -> Path:
        """What is being forgotten just now; gone when it is done."""
        return self.root / "forgotten" / "intent.json"

    @property
    def forget_work(self) -> Path:
        """What takes the place of files while something is forgotten."""
        return self.root / "work" / "forget"

    @property
    def moon_config(self) -> Path:
        """What `moon` is told to do; see docs/moon.md."""
        return self.root / "moon.toml"

    @property
    def moon_state(self) -> Path:
        return self.root / "moon" / "state" / "moon_state.json"

    @property
    def moon_state_previous(self) -> Path:
        """The state as it was before it was last written, for when the file is damaged."""
        return self.moon_state.with_name("moon_state.previous.json")

    @property
    def moon_state_damaged(self) -> Path:
        """Folder of state files that could not be read, each with the reason beside it."""
        return self.moon_state.with_name("damaged")

    @property
    def moon_state_lock(self) -> Path:
        return self.root / "locks" / "moon_state.lock"

    @property
    def moon_heartbeat(self) -> Path:
        """When the watcher last looked, and who it is."""
        return self.moon_state.with_name("heartbeat.json")

    @property
    def moon_audit_log(self) -> Path:
        """What was done to sessions, one JSON object a line."""
        return self.root / "moon" / "logs" / "audit.log"

    @property
    def moon_daemon_lock(self) -> Path:
        """Who watches; the kernel's lock is on a file beside it."""
        return self.root / "moon" / "logs" / "moon-watch.daemon.lock"

    @property
    def moon_hooks(self) -> Path:
        """What was installed into agents: manifests, their files as they were before, the plug-in of OpenClaw."""
        return self.root / "moon" / "hooks"

    @property
    def moon_locks(self) -> Path:
        return self.root / "locks" / "moon"

    @property
    def moon_distillations(self) -> Path:
        """Folder of what sessions were distilled to: a folder a session, a file an archive of it."""
        return self.root / "moon" / "distillations"

    @property
    def moon_continuity(self) -> Path:
        """Folder of what new sessions are told: offers that wait for one, and maps that one was given."""
        return self.root / "moon" / "continuity"

    @property
    def moon_continuity_lock(self) -> Path:
        return self.root / "locks" / "moon_continuity.lock"

    @property
    def session_links(self) -> Path:
        """Which session goes on from which, a line each."""
        return self.archive / "sessions" / "links.jsonl"

    @property
    def memory(self) -> Path:
        """Folder of what is remembered: a file a day, and memory.md."""
        return self.root / "memory"

    @property
    def moon_memory_lock(self) -> Path:
        return self.root / "locks" / "moon_memory.lock"

    @property
    def session_archive(self) -> Path:
        """Everything that is kept of live sessions."""
        return self.archive / "sessions"

    @property
    def session_ledger(self) -> Path:
        """One ArchiveRecord a line."""
        return self.session_archive / "ledger.jsonl"

    @property
    def session_raw(self) -> Path:
        """A folder a provider, in it a folder a session."""
        return self.session_archive / "raw"

    @property
    def session_texts(self) -> Path:
        """Sessions as texts a person can read."""
        return self.session_archive / "mlib"

    @property
    def session_projection(self) -> Path:
        """How far each session is in `session_texts`."""
        return self.session_archive / "projection"

    @property
    def recall_index(self) -> Path:
        """Lexical index of `session_texts`; derived."""
        return self.session_archive / "index" / "recall.sqlite"

    @property
    def qmd(self) -> Path:
        """Index and settings of QMD, where it is switched on; derived."""
        return self.session_archive / "index" / "qmd"

    @property
    def qmd_lock(self) -> Path:
        return self.root / "locks" / "qmd.lock"

    @property
    def session_exports(self) -> Path:
        """Which states of sessions were put into the inbox, a line an export."""
        return self.session_archive / "exports.jsonl"

    @property
    def session_exports_lock(self) -> Path:
        return self.root / "locks" / "session_exports.lock"

    @property
    def session_ledger_lock(self) -> Path:
        return self.root / "locks" / "session_ledger.lock"

    @property
    def recall_index_lock(self) -> Path:
        return self.root / "locks" / "recall_index.lock"

    def lane_draft(self, lane: str, run_id: str) -> Path:
        """A lane as it was built while the slice was cut, until the lane itself is published."""
        return self.root / "work" / "lanes" / run_id / f"{lane}.msgpack"

    def lane(self, lane: str, run_id: str) -> Path:
        return self.distillations / lane / run_id

    def mix(self, run_id: str) -> Path:
        """The mixed sets of a distillation: a folder a lane, and their manifest."""
        return self.distillations / "mix" / run_id

    def export(self, trainer: str, lane: str, run_id: str) -> Path:
        """A lane as a trainer reads it."""
        return self.reports / "trainers" / trainer / lane / run_id

    def premerge_snapshot(self, run_id: str) -> Path:
        provider_of(run_id)
        return self.archive / "main" / run_id / "moonshine_mash_premerge.db"
