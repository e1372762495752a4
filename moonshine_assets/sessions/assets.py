"""A session's stages as assets, one partition a session; each waits for what must be before it.

In: partitions `provider:session_id`. Out: what the stages leave behind. Always: the same functions as `moon watch`
runs, and every stage of an action that the watcher handed out is reported to it, however it ended.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import dagster as dg

from moonshine_assets.dagster_checks import check_result, check_specs, reporting
from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.providers.family import OWNERS
from moonshine_assets.sessions.audit import Code, Line, note
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.cycle import failure, line_of
from moonshine_assets.sessions.daemon import look_of
from moonshine_assets.sessions.distillation.summary import read_summary
from moonshine_assets.sessions.ladder import Stage
from moonshine_assets.sessions.stages import STAGE, Done, archived, continued, indexed, required
from moonshine_assets.sessions.succession import Distilled, distilled, succeeded
from moonshine_assets.sessions.usage.collect import Look
from moonshine_assets.sessions.watch import Outcome, report
from moonshine_resources import clock
from moonshine_resources.home import Home
from moonshine_resources.resources import HomeResource

#: Every session that something was due for; added with the request of its first run.
SESSIONS = dg.DynamicPartitionsDefinition(name="sessions")
#: Tag of a run: number of the action it carries out. A run that a person starts has none and is reported to nobody.
ACTION_TAG = "moonshine/action"
_GROUP = "sessions"


@dataclass(frozen=True)
class _Work:
    """One step's session: where it is looked for, and whose action it is."""

    home: Home
    look: Look
    action: int

    @classmethod
    def of(cls, context: dg.AssetExecutionContext, home: HomeResource) -> Self:
        place = home.open()
        settings = load(place.moon_config, os.environ).settings
        look = look_of(place, settings, os.environ, _now())._replace(only=context.partition_key)
        return cls(place, look, int(context.run.tags.get(ACTION_TAG, 0)))

    def ended(self, stage: Stage, done: Done) -> None:
        self._report(stage, done.outcome, line_of(self.look.only, self.action, stage, done, _now()))

    def failed(self, stage: Stage, error: Exception) -> None:
        self._report(stage, Outcome.FAILED, failure(self.look.only, self.action, stage, error, _now()))

    def _report(self, stage: Stage, outcome: Outcome, line: Line) -> None:
        if self.action:
            report(self.home, self.look.settings, self.look.only, self.action, stage, outcome, _now())
        note(self.home, line)


@contextmanager
def _accounted(work: _Work, stage: Stage) -> Iterator[None]:
    """Whatever ends the block with an error is reported as the stage's failure."""
    try:
        yield
    except Exception as error:
        work.failed(stage, error)
        raise


@dg.asset(
    key="session_archive",
    partitions_def=SESSIONS,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"file"},
    output_required=False,
    description="Everything the session said so far, content-addressed; archiving it again costs what it grew.",
    check_specs=check_specs(
        dg.AssetKey("session_archive"), [("archive_verified", "every byte of the archive was read back")], SESSIONS
    ),
)
@reporting
def session_archive(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    work = _Work.of(context, home)
    with _accounted(work, Stage.ARCHIVE):
        held_now = archived(work.home, work.look)
    record, verified = held_now.record, held_now.verified
    yield check_result(
        held("archive_verified", f"{verified.size_bytes} bytes read back", size_bytes=verified.size_bytes)
    )
    yield dg.MaterializeResult(
        metadata={
            "content_hash": record.content_hash,
            "members": verified.members,
            "size_bytes": verified.size_bytes,
            "noise_left_out": record.projection_filtered_noise_count,
            "session_is_gone": held_now.is_gone,
            "archive": dg.MetadataValue.path(work.home.root / record.archive_path),
        },
        data_version=dg.DataVersion(record.content_hash),
    )


@dg.asset(
    key="session_index",
    deps=[dg.AssetKey("session_archive")],
    partitions_def=SESSIONS,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"sqlite"},
    output_required=False,
    description="The archived session in the index that `moon recall` asks.",
    check_specs=check_specs(
        dg.AssetKey("session_index"), [("index_finds_it", "a token of its own finds the session")], SESSIONS
    ),
)
@reporting
def session_index(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    work = _Work.of(context, home)
    with _accounted(work, Stage.ARCHIVE):
        record = required(work.home, work.look.only)
        found = indexed(work.home, record)
    figures = {"passages": found.passages, "parts": found.parts}
    work.ended(Stage.ARCHIVE, Done(Code.ARCHIVED, Outcome.FINISHED, record.archive_path, figures=figures))
    yield check_result(held("index_finds_it", "a token of its own finds the session", **figures))
    yield dg.MaterializeResult(metadata={**figures, "collection": record.indexed_collection})


@dg.asset(
    key="session_prune",
    deps=[dg.AssetKey("session_index")],
    partitions_def=SESSIONS,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"file"},
    output_required=False,
    description="The session made smaller by its agent, or a pruned copy beside it; never without a verified archive.",
    check_specs=check_specs(
        dg.AssetKey("session_prune"),
        [("tokens_fell", "fewer tokens after than before; where nothing was pruned there is a reason")],
        SESSIONS,
    ),
)
@reporting
def session_prune(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    work = _Work.of(context, home)
    with _accounted(work, Stage.PRUNE):
        done = STAGE[Stage.PRUNE](work.home, work.look)
        verdict = tokens_fell(done)
        if not verdict.passed:
            work.failed(Stage.PRUNE, GateFailed(verdict.reason))
    yield check_result(verdict)
    if verdict.passed:
        work.ended(Stage.PRUNE, done)
        yield dg.MaterializeResult(metadata={**done.figures, "outcome": done.code.value, "reason": done.reason})


@dg.asset(
    key="session_distillation",
    deps=[dg.AssetKey("session_index")],
    partitions_def=SESSIONS,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"markdown"},
    output_required=False,
    # It goes on where the prune fails, and comes after it where both are due.
    op_tags={"dagster/priority": "-1"},
    description="What of the session must not be forgotten, in the memory of its day; every statement cites messages.",
    check_specs=check_specs(
        dg.AssetKey("session_distillation"),
        [("statements_cited", "every statement cites messages that the archive has")],
        SESSIONS,
    ),
)
@reporting
def session_distillation(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    work = _Work.of(context, home)
    with _accounted(work, Stage.DISTILL):
        made = distilled(work.home, work.look, required(work.home, work.look.only))
        verdict = statements_cited(work.home, made)
        if not verdict.passed:
            work.failed(Stage.DISTILL, GateFailed(verdict.reason))
    yield check_result(verdict)
    if verdict.passed:
        yield dg.MaterializeResult(
            metadata={
                **verdict.figures,
                "messages": len(made.session.messages),
                "distilled_by": made.record.provider,
                "is_offered": made.is_offered,
                "summary": dg.MetadataValue.path(work.home.root / made.record.summary_path),
            }
        )


@dg.asset(
    key="continuity",
    deps=[dg.AssetKey("session_distillation")],
    partitions_def=SESSIONS,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"json"},
    output_required=False,
    op_tags={"dagster/priority": "-1"},
    description="The session after it and what that one is told; where agents begin sessions themselves, an offer.",
    check_specs=check_specs(
        dg.AssetKey("continuity"), [("is_handed_on", "a successor was told, or an offer waits for one")], SESSIONS
    ),
)
@reporting
def continuity(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    work = _Work.of(context, home)
    with _accounted(work, Stage.DISTILL):
        made = distilled(work.home, work.look, required(work.home, work.look.only))
        successor = succeeded(work.home, work.look, made)
    done = continued(made, successor)
    work.ended(Stage.DISTILL, done)
    yield check_result(held("is_handed_on", done.reason))
    metadata = {**done.figures, "outcome": done.code.value, "reason": done.reason}
    if successor.map is not None:
        metadata["target_session_id"] = successor.map.target_session_id
    yield dg.MaterializeResult(metadata=metadata)


def statements_cited(home: Home, made: Distilled) -> Verdict:
    """Every statement of a distillation cites messages that its archive has."""
    statements = read_summary(home.root / made.record.summary_path).statements
    known = {message.message_id for message in made.session.messages}
    phantom = [{"statement": n} for n, one in enumerate(statements) if not known.issuperset(one.message_ids)]
    if phantom or any(not one.message_ids for one in statements):
        return broken("statements_cited", f"{len(phantom)} of {len(statements)} statements cite no message", phantom)
    reason = f"{len(statements)} statements cite messages of the archive"
    return held("statements_cited", reason, statements=len(statements))


def tokens_fell(done: Done) -> Verdict:
    """What was pruned has fewer tokens than before."""
    before, after = done.figures.get("tokens_before"), done.figures.get("tokens_after")
    if before is None or after is None:
        return held("tokens_fell", f"nothing was pruned: {done.reason}")
    if after >= before:
        return broken("tokens_fell", f"{before} tokens before, {after} after", [])
    return held("tokens_fell", f"{before} tokens before, {after} after", tokens_before=before, tokens_after=after)


def session_assets() -> list[dg.AssetsDefinition]:
    """The family, in the order of its stages."""
    return [session_archive, session_index, session_prune, session_distillation, continuity]


def assets_of(stages: tuple[Stage, ...]) -> list[dg.AssetKey]:
    """The assets that an action's stages are."""
    return [dg.AssetKey(name) for stage in stages for name in _ASSETS[stage]]


_ASSETS = {
    Stage.ARCHIVE: ("session_archive", "session_index"),
    Stage.PRUNE: ("session_prune",),
    Stage.DISTILL: ("session_distillation", "continuity"),
}


def _now() -> int:
    return int(clock.now().timestamp())
