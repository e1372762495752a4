"""The policy of a distillation: typed, validated, and known by its name and a hash of what it says."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from moonshine_assets.distill.audit_policy import Audit
from moonshine_assets.distill.cleaning_policy import (
    Decontamination,
    Language,
    NearDuplicates,
    Redaction,
    Selection,
    Signals,
    near_duplicate_faults,
    redaction_faults,
)
from moonshine_assets.distill.sections import Count, Positive, Section, Share
from moonshine_assets.errors import UndefinedPolicy

_BUNDLED = Path(__file__).with_name("policies")
_BUNDLED_RULES = Path(__file__).with_name("rules")
_HASH_CHARACTERS = 12

VerifierName = Literal["arithmetic_exact", "json_object", "json_schema", "exec_output", "regex_format", "choice"]


class Band(Section, frozen=True):
    """Where distilled_tokens_selected must lie: tokens (absolute) or shares of content_tokens_cleaned (relative)."""

    kind: Literal["absolute", "relative"]
    low: Annotated[float, Meta(ge=0)]
    high: Annotated[float, Meta(ge=0)]
    minimum_cleaned_tokens: Count


class Answers(Section, frozen=True):
    """Statuses and stop reasons of an answer that came to its end."""

    complete_statuses: tuple[str, ...]
    complete_stop_reasons: tuple[str, ...]


class NegativeRule(Section, frozen=True):
    """A pattern (verbose, case ignored) by which a follow-up rejects the answer before it.

    `head_characters` limits it to the start of the follow-up (0: all of it). With `question_tail_characters` it stays
    silent when that much of the answer's end holds a question mark.
    """

    name: str
    pattern: str
    head_characters: Count
    question_tail_characters: Count


class PositiveRule(Section, frozen=True):
    """A pattern (verbose, case ignored) in the first `head_characters` by which a follow-up approves of the answer.

    It says nothing when `veto` matches in the first `veto_characters`.
    """

    name: str
    pattern: str
    head_characters: Positive
    veto: str
    veto_characters: Positive


class Split(Section, frozen=True):
    """Which conversations are kept for validation: a share by hash, groups that share a longer text together."""

    validation_share: Annotated[float, Meta(ge=0, le=0.5)]
    minimum_shared_tokens: Positive


class Conversational(Section, frozen=True):
    minimum_human_turns: Positive
    minimum_assistant_share: Share
    maximum_assistant_share: Share
    minimum_compression_ratio: Annotated[float, Meta(ge=0)]
    first_turn_minimum_characters: Count
    maximum_topic_share: Share
    topic_minimum_rows: Positive
    label_confidence: Share


class Dpo(Section, frozen=True):
    minimum_tokens: Count
    maximum_jaccard: Share
    maximum_length_ratio: Annotated[float, Meta(ge=1)]
    maximum_hours_apart: Annotated[float, Meta(gt=0)]
    maximum_pairs_per_conversation: Positive
    label_confidence: Share
    rated_pair_confidence: Share
    retry_confidence: Share
    retry_maximum_new_words: Count
    retry_follow_ups: Positive
    edited_prompt_similarity: Share
    balance_low: Share
    balance_high: Share
    balance_minimum_rows: Positive
    negative_rules: tuple[NegativeRule, ...]
    positive_rules: tuple[PositiveRule, ...]
    advance_pattern: str
    apology_pattern: str


class Kto(Section, frozen=True):
    """Confidence by kind of evidence; rated, said in words, or only shown by what the person did."""

    minimum_tokens: Count
    maximum_rows_per_conversation: Positive
    rated_confidence: Share
    worded_confidence: Share
    shown_confidence: Share


class Grpo(Section, frozen=True):
    verifiers: tuple[VerifierName, ...]
    determinism_runs: Positive
    minimum_group: Positive
    minimum_pass_rate: Share
    maximum_pass_rate: Share
    label_confidence: Share


class AgenticCode(Section, frozen=True):
    minimum_calls: Positive
    maximum_calls: Positive
    core_minimum_calls: Positive
    loop_repeats: Annotated[int, Meta(ge=2)]
    maximum_error_share: Share
    maximum_output_tokens: Positive
    label_confidence: Share


class Mix(Section, frozen=True):
    """How alike the providers of a mixed set are: total variation between each two of them."""

    maximum_total_variation: Share
    minimum_rows: Positive


class Lanes(Section, frozen=True):
    conversational: Conversational
    dpo: Dpo
    kto: Kto
    grpo: Grpo
    agentic_code: AgenticCode


class Policy(Section, frozen=True):
    """Everything a distillation decides by."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    band: Band
    redaction: Redaction
    near_duplicates: NearDuplicates
    language: Language
    signals: Signals
    decontamination: Decontamination
    selection: Selection
    answers: Answers
    split: Split
    mix: Mix
    lanes: Lanes
    audit: Audit

    @property
    def version(self) -> str:
        """`<name>-<first 12 hex of the SHA-256 of the canonical content>`; comments and layout do not change it."""
        canonical = msgspec.json.encode(self, order="sorted")
        return f"{self.name}-{sha256(canonical).hexdigest()[:_HASH_CHARACTERS]}"


def bundled() -> tuple[str, ...]:
    """Names of the policies that come with Moonshine."""
    return tuple(sorted(path.stem for path in _BUNDLED.glob("*.toml")))


def load(policy: str | Path = "default") -> Policy:
    """The policy of a bundled name, or of a TOML file (a Path, or text that ends in `.toml`).

    `extends = "<bundled name>"` takes over every key the file does not give; lists are replaced as a whole.

    Raises:
        UndefinedPolicy: unknown name, unreadable file, unknown or missing key, or a value out of bounds.
    """
    if isinstance(policy, str) and not policy.endswith(".toml"):
        if policy not in bundled():
            raise UndefinedPolicy(f"there is no policy {policy!r}", fix=_nearest(policy, bundled(), "name"))
        policy = _BUNDLED / f"{policy}.toml"
    path = Path(policy)
    where = path.name
    content = _with_rules(_content(path), path)
    for key, owner in _keys(content, Policy):
        known = [field.name for field in msgspec.structs.fields(owner)]
        if key.rpartition(".")[2] not in known:
            raise UndefinedPolicy(
                f"unknown key {key!r}", where=where, fix=_nearest(key.rpartition(".")[2], known, "key")
            )
    try:
        result = msgspec.convert(content, Policy)
    except msgspec.ValidationError as error:
        raise UndefinedPolicy(str(error), where=where, fix="compare it with docs/policy.md") from error
    _check(result, where)
    return result


def _content(path: Path) -> dict[str, Any]:
    """The file's tables, on top of those of the policy it extends."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UndefinedPolicy(
            "the policy file cannot be read", where=str(path), fix="check its path and encoding"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UndefinedPolicy(f"not valid TOML: {error}", where=path.name, fix="correct that line") from error
    base = content.pop("extends", None)
    if base is None:
        return content
    if base not in bundled() or base == path.stem:
        raise UndefinedPolicy(
            f"extends {base!r}, which is not a bundled policy", where=path.name, fix=_names(bundled())
        )
    return _merged(_content(_BUNDLED / f"{base}.toml"), content)


def _with_rules(content: dict[str, Any], policy: Path) -> dict[str, Any]:
    """The content with the rules that a section's `rules_file` names, unless the policy lists its own."""
    complete = dict(content)
    for section in ("redaction", "signals"):
        given = content.get(section)
        if isinstance(given, dict) and isinstance(given.get("rules_file"), str):
            complete[section] = _content(_rules_file(given["rules_file"], policy)) | given
    return complete


def _rules_file(name: str, policy: Path) -> Path:
    if name.endswith(".toml"):
        return policy.parent / name
    known = tuple(sorted(path.stem for path in _BUNDLED_RULES.glob("*.toml")))
    if name not in known:
        raise UndefinedPolicy(f"there are no rules {name!r}", where=policy.name, fix=_nearest(name, known, "name"))
    return _BUNDLED_RULES / f"{name}.toml"


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _keys(content: Mapping[str, Any], section: type[Section], prefix: str = "") -> Iterator[tuple[str, type[Section]]]:
    """Every key of the file with the section it stands in, outer ones first."""
    inner = {field.name: field.type for field in msgspec.structs.fields(section)}
    for key, value in content.items():
        yield f"{prefix}{key}", section
        kind = inner.get(key)
        items = value if isinstance(value, list) else [value]
        for candidate in (kind, *get_args(kind)):
            if isinstance(candidate, type) and issubclass(candidate, Section):
                for item in items:
                    if isinstance(item, dict):
                        yield from _keys(item, candidate, f"{prefix}{key}.")


def _check(policy: Policy, where: str) -> None:
    """What types cannot say."""
    band, dpo, agentic = policy.band, policy.lanes.dpo, policy.lanes.agentic_code
    for low, high, key in (
        (band.low, band.high, "band"),
        (dpo.balance_low, dpo.balance_high, "lanes.dpo.balance"),
        (agentic.minimum_calls, agentic.maximum_calls, "lanes.agentic_code calls"),
        (
            policy.lanes.conversational.minimum_assistant_share,
            policy.lanes.conversational.maximum_assistant_share,
            "lanes.conversational assistant share",
        ),
        (policy.lanes.grpo.minimum_pass_rate, policy.lanes.grpo.maximum_pass_rate, "lanes.grpo pass rate"),
    ):
        if low > high:
            raise UndefinedPolicy(
                f"{key}: the lower bound {low:g} is above the upper {high:g}", where=where, fix="swap them"
            )
    if not any(getattr(policy.selection, weight) for weight in policy.selection.__struct_fields__):
        raise UndefinedPolicy("selection: every weight is 0", where=where, fix="give at least one part a weight")
    if band.kind == "relative" and band.high > 1:
        raise UndefinedPolicy(
            "band.high: a relative band is a share of at most 1", where=where, fix='set kind = "absolute"'
        )
    for fault in (*redaction_faults(policy.redaction), *near_duplicate_faults(policy.near_duplicates)):
        raise UndefinedPolicy(fault, where=where, fix="correct the rules")
    patterns = [
        *((rule.name, rule.pattern) for rule in dpo.negative_rules),
        *((rule.name, rule.pattern) for rule in dpo.positive_rules),
        *((f"{rule.name}.veto", rule.veto) for rule in dpo.positive_rules),
        ("advance_pattern", dpo.advance_pattern),
        ("apology_pattern", dpo.apology_pattern),
    ]
    for name, pattern in patterns:
        try:
            re.compile(pattern, re.IGNORECASE | re.VERBOSE)
        except re.error as error:
            what = f"pattern of {name} is no regular expression: {error}"
            raise UndefinedPolicy(what, where=where, fix="correct the pattern") from error


def _nearest(given: str, known: tuple[str, ...] | list[str], what: str) -> str:
    close = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f"did you mean the {what} {close[0]!r}?" if close else _names(known)


def _names(known: tuple[str, ...] | list[str]) -> str:
    return "known are " + ", ".join(known)
