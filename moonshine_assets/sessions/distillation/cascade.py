"""Who distils: the model that is asked for, and the rules on this machine whenever it does not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.distillation.asking import ask
from moonshine_assets.sessions.distillation.chunks import chunked
from moonshine_assets.sessions.distillation.extract import extract
from moonshine_assets.sessions.distillation.said import Said
from moonshine_assets.sessions.distillation.statements import Candidate, Statement, check
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.language_models import DEFAULT_MODELS, LanguageModel, ModelFailed, model_of

LOCAL: Final = "local"
#: What the rules find letter for letter and a model can only retell.
_FACTS = ("path", "command", "number")


class Distilled(NamedTuple):
    """Statements and how they came about; `degraded` says why `by` is not who was asked."""

    statements: list[Statement]
    rejected: Counter[str]
    by: str
    degraded: str
    left_out: int


def asked_for(settings: Settings) -> str:
    """`local`, or provider and model as they stand in summaries."""
    wanted = settings.language_model
    if wanted.provider == LOCAL:
        return LOCAL
    return f"{wanted.provider} {wanted.model or DEFAULT_MODELS.get(wanted.provider, '')}".strip()


def distilled(messages: list[Said], settings: Settings, environment: Mapping[str, str]) -> Distilled:
    """What a session is worth carrying on; every statement is checked against what it cites, whoever made it.

    A model that fails once is not asked again for this session: the rules do the whole of it. An answer without a
    single statement that holds counts as a failure where the rules find something.
    """
    evidence = {message.message_id: message.evidence for message in messages}
    times = {message.message_id: message.at for message in messages}
    local = extract(messages)
    asked = asked_for(settings)
    if asked == LOCAL:
        statements, rejected = check(local, evidence, times)
        return Distilled(statements, rejected, LOCAL, "", 0)
    try:
        candidates, left_out = _by_model(messages, settings, environment)
    except ModelFailed as error:
        statements, rejected = check(local, evidence, times)
        return Distilled(statements, rejected, LOCAL, str(error), 0)
    facts = [one for one in local if one.kind in _FACTS]
    held, rejected = check(candidates, evidence, times)
    if not held and local:
        statements, _ = check(local, evidence, times)
        reason = "none of its statements held: " + ", ".join(f"{n} {why}" for why, n in sorted(rejected.items()))
        return Distilled(statements, rejected, LOCAL, reason if rejected else "it found nothing", 0)
    statements, _ = check([*(Candidate(one.kind, one.text, one.message_ids) for one in held), *facts], evidence, times)
    return Distilled(statements, rejected, asked, "", left_out)


def _by_model(messages: list[Said], settings: Settings, environment: Mapping[str, str]) -> tuple[list[Candidate], int]:
    bounds = settings.distill
    model = model_for(settings, environment)
    parts = chunked(messages, bounds.chunk_bytes, bounds.max_chunks, bounds.model_context_tokens)
    return [candidate for chunk in parts.chunks for candidate in ask(model, chunk)], parts.left_out


def model_for(settings: Settings, environment: Mapping[str, str]) -> LanguageModel:
    """The model that moon.toml asks for.

    Raises:
        ModelFailed: its key is not in the environment.
        BadInput: its name or address is missing; or nobody but the rules on this machine is asked for.
    """
    wanted = settings.language_model
    if wanted.provider == LOCAL:
        raise BadInput("no model is asked for", where="moon.toml", fix="set language_model.provider")
    return model_of(
        wanted.provider,
        environment,
        model=wanted.model,
        base_url=wanted.base_url,
        seconds=wanted.timeout_secs,
        retries=wanted.retries,
    )
