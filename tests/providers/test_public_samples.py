"""Real, masked and hand-made exports kept outside the project: each taken in whole or refused, as the table says.

The table has a line for every file of `../shared/samples`, and for folders made of several of them; a clone without
the samples has nothing to compare it with.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import tiktoken
from intake import Intake, query

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import ADAPTERS
from moonshine_assets.gates import Verdict, schema_gate
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.providers.gates import no_contamination, receipt_balances
from moonshine_assets.providers.source import read_lock, secure
from moonshine_assets.tables import RUN_TABLES, TEXTS
from moonshine_resources.atomic import remove_tree
from moonshine_resources.home import PROJECT_ROOT, Home, RunPaths
from moonshine_resources.tokenizer import TokenCounter

SAMPLES = PROJECT_ROOT.parent / "shared" / "samples"
TABLE = Path(__file__).with_name("public_samples.tsv")
CHATS = frozenset(adapter.PROVIDER for adapter in ADAPTERS)
#: A sample of two conversations, to be damaged.
OF_TWO = SAMPLES / "chatgpt" / "quentinous__chatgpt-export-studio__conversations.json"
#: Files whose ledger is counted a second time by tiktoken are no larger.
RECOUNTED_BYTES = 600_000

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this clone")


class Sample(NamedTuple):
    """A line of the table. `file` is relative to the samples; with a `*` it is the folder made of all that match it,
    named by what stands behind the last `__`, with `/` for `~`.

    Of a refused one `shape` is what the refusal says, and there are no numbers. `note` explains where the samples'
    own index counts otherwise.
    """

    file: str
    provider: str
    shape: str
    conversations: str
    messages: str
    branches: str
    quarantined: str
    feedback: str
    note: str


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


TABLED = [Sample(**line) for line in read_table(TABLE)]


class Taken(NamedTuple):
    """What became of a sample; `refusal` where it was refused."""

    found: dict[str, str]
    verdicts: list[Verdict]
    refusal: str = ""


def handed_in(sample: Sample, place: Path) -> Path:
    """The path to hand in: the sample itself, or the folder made of several."""
    if "*" not in sample.file:
        return SAMPLES / sample.file
    for path in SAMPLES.glob(sample.file):
        target = place / "folder" / path.name.rpartition("__")[2].replace("~", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return place / "folder"


class Intakes:
    """Samples taken in by the way of all exports, each once; `together` holds the rows of all of them."""

    def __init__(self, place: Path, counter: TokenCounter) -> None:
        self._place = place
        self._counter = counter
        self._encoding = tiktoken.get_encoding("o200k_base")
        self._intake = Intake(Home.at(place / "home"), counter.count_many)
        self.runs: list[tuple[str, str]] = []
        self.together = duckdb.connect()
        self.together.execute("SET TimeZone = 'UTC'")
        self.together.execute("CREATE SCHEMA store")
        for table in RUN_TABLES:
            self.together.execute(table.ddl())

    @cache  # noqa: B019 - one for the module, as is the object
    def taken(self, sample: Sample) -> Taken:
        place = self._place / "made"
        try:
            run = self._intake.drafted(handed_in(sample, place))
        except BadInput as refusal:
            return Taken({}, [], str(refusal))
        finally:
            remove_tree(place)
        with self._attached(run.database_draft) as connection:
            verdicts = [receipt_balances(connection)]
            if run.provider in CHATS:
                verdicts.append(self._ledger(connection, run))
            found = counted(connection, run)
            self._lay_together()
        self.runs.append((run.provider, run.run_id))
        run.database_draft.unlink()
        return Taken(found, verdicts)

    @contextmanager
    def _attached(self, draft: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one connection with a draft as its database: to open a connection for each costs as much as a draft."""
        self.together.execute(f"ATTACH '{draft}' AS draft (READ_ONLY)")
        self.together.execute("USE draft")
        try:
            yield self.together
        finally:
            self.together.execute("USE memory")
            self.together.execute("DETACH draft")

    def _ledger(self, connection: duckdb.DuckDBPyConnection, run: RunPaths) -> Verdict:
        lock = read_lock(run)
        raw = secure(run).path
        tokens = raw_json_tokens(raw, lock, run.work, self._counter)
        ledger = run_ledger(
            connection,
            lock=lock,
            raw_by_member=tokens,
            counter=self._counter,
            policy_version="none-0",
            generated_at="now",
        )
        texts = connection.execute("SELECT text FROM messages WHERE role <> 'system'").fetchall()
        assert ledger["content_tokens_non_system"] == sum(self._tokens(text) for (text,) in texts)
        if lock["kind"] == "file" and lock["size_bytes"] < RECOUNTED_BYTES:
            assert ledger["raw_json_tokens"] == self._tokens(raw.read_bytes().decode("utf-8", errors="replace"))
        return ledger_complete(connection, ledger, raw=raw, lock=lock, work=run.work, counter=self._counter)

    def _tokens(self, text: str) -> int:
        return len(self._encoding.encode_ordinary(text))

    def _lay_together(self) -> None:
        for table in RUN_TABLES:
            new = f" ANTI JOIN memory.store.{table.name} USING (content_sha256)" if table is TEXTS else ""
            self.together.execute(f"INSERT INTO memory.store.{table.name} SELECT * FROM store.{table.name}{new}")


def counted(connection: duckdb.DuckDBPyConnection, run: RunPaths) -> dict[str, str]:
    """What the table says of a sample, from its database."""
    (row,) = connection.execute(
        """
        SELECT (SELECT string_agg(DISTINCT shape, ' ' ORDER BY shape) FROM conversations),
               (SELECT count(*) FROM conversations),
               (SELECT count(*) FROM messages),
               (SELECT coalesce(sum(branch_points), 0) FROM conversations),
               (SELECT count(*) FROM quarantine),
               (SELECT count(*) FROM feedback)
        """
    ).fetchall()
    names = ("shape", "conversations", "messages", "branches", "quarantined", "feedback")
    return {"provider": run.provider, **dict(zip(names, map(str, row), strict=True))}


@pytest.fixture(scope="module")
def intakes(tmp_path_factory: pytest.TempPathFactory, counter: TokenCounter) -> Iterator[Intakes]:
    made = Intakes(tmp_path_factory.mktemp("samples"), counter)
    yield made
    made.together.close()


@pytest.mark.parametrize("sample", TABLED, ids=lambda sample: sample.file)
def test_a_public_sample_is_taken_in_or_refused_as_the_table_says(intakes: Intakes, sample: Sample) -> None:
    taken = intakes.taken(sample)
    if sample.provider == "-":
        assert sample.shape in taken.refusal
        assert "\n" not in taken.refusal
        return
    assert taken.refusal == ""
    assert [verdict for verdict in taken.verdicts if not verdict.passed] == []
    assert taken.found == {name: getattr(sample, name) for name in taken.found}


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (
            lambda raw: b"version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize %d\n" % (7, len(raw)),
            "Git LFS",
        ),
        (lambda raw: raw[: len(raw) // 2], "cut off"),
        (lambda raw: b"<html><body>Sign in</body></html>", "HTML"),
    ],
    ids=["pointer", "half", "login page"],
)
def test_a_sample_that_is_damaged_is_refused(
    tmp_path: Path, intake: Intake, damaged: Callable[[bytes], bytes], said: str
) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(damaged(OF_TWO.read_bytes()))
    with pytest.raises(BadInput, match=said):
        intake.drafted(path)


def test_a_conversation_of_a_sample_that_is_broken_costs_no_other(tmp_path: Path, intake: Intake) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(OF_TWO.read_bytes().replace(b'"mapping": {', b'"mapping": ,', 1))
    run = intake.drafted(path)
    assert [verdict for verdict in intake.gates(run).values() if not verdict.passed] == []
    kept = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM quarantine WHERE unit = 'conversation')"
    assert query(run.database_draft, kept) == [(1, 1)]


def test_the_rows_of_all_samples_hold_at_the_other_gates(intakes: Intakes) -> None:
    """Asked of all of them laid together: of each by itself they cost more than everything else here."""
    for sample in TABLED:
        intakes.taken(sample)
    for verdict in (schema_gate(intakes.together, RUN_TABLES), no_contamination(intakes.together)):
        assert verdict.passed, verdict.offenders
    for table in RUN_TABLES:
        if table is not TEXTS:
            tags = intakes.together.execute(f"SELECT DISTINCT provider, provider_run_id FROM store.{table.name}")
            assert set(tags.fetchall()) <= set(intakes.runs)


def test_every_file_of_every_folder_is_in_the_table() -> None:
    files = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("*/**/*") if path.is_file()}
    single = [sample.file for sample in TABLED if "*" not in sample.file]
    assert sorted(single) == sorted(files)


def test_where_the_index_of_the_samples_counts_otherwise_a_note_says_why() -> None:
    tabled = {sample.file: sample for sample in TABLED}
    unexplained = [
        line["file"]
        for line in read_table(SAMPLES / "INDEX.tsv")
        if line["file"] in tabled and not tabled[line["file"]].note and not agrees(tabled[line["file"]], line)
    ]
    assert unexplained == []


def agrees(sample: Sample, line: dict[str, Any]) -> bool:
    """Whether the index has the same provider and counts; conversations in quarantine are conversations there."""
    if sample.provider == "-":
        return False
    conversations = {int(sample.conversations), int(sample.conversations) + int(sample.quarantined)}
    stated = re.sub(r" .*", "", line["messages"])
    return (
        line["provider"] == sample.provider
        and int(line["conversations"]) in conversations
        and stated == sample.messages
    )
