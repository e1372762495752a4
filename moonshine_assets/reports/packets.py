"""What a handoff packet is: one decision of one stage, as data that says what the next one has to know.

`docs/HANDOFF_SCHEMA.json` is made from these models by `make docs`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
_RUN_ID = r"^[a-z][a-z0-9_]*_\d{8}_\d{6}(_\d+)?$"
Text: TypeAlias = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CheckPacket(_Model):
    """A gate's answer."""

    gate: Text
    passed: bool
    blocking: bool = Field(description="false: the gate only warns")
    reason: Text = Field(description="one sentence with the counts that decided; never text of a message")


class Request(_Model):
    """What has to be put right before the stage can be accepted."""

    gate: str | None = Field(description="the gate that refused; null when the stage ended before its gates")
    what: Text
    where: Text = Field(description="stage, run, file or table at fault")
    what_to_do: Text
    offender_count: int = Field(ge=0)
    offending: list[dict[str, str | int | float | bool | None]] = Field(
        max_length=10, description="ids and counts of the first offenders"
    )


class _Packet(_Model):
    version: Literal[1]
    stage: Text = Field(description="asset key, parts joined by /")
    run_id: Annotated[str, Field(pattern=_RUN_ID)] | None = Field(
        description="provider run; null for the mash and after"
    )
    checks: list[CheckPacket]
    generated_at: Annotated[str, Field(pattern=_TIME)]


class Forward(_Packet):
    """The stage is accepted; what is downstream may use its result."""

    decision: Literal["forward"]
    data_version: str | None = Field(description="identity of the result, where the stage states one")


class RevisionRequest(_Packet):
    """The stage is refused: nothing was published, what was accepted before stays."""

    decision: Literal["revision_request"]
    requests: list[Request] = Field(min_length=1)


class Escalation(_Packet):
    """A person has to look: something stored is damaged, or there is no policy to decide by."""

    decision: Literal["escalation"]
    kind: Literal["corruption", "undefined_policy"]
    what: Text
    where: str
    what_to_do: Text


Packet: TypeAlias = Annotated[Forward | RevisionRequest | Escalation, Field(discriminator="decision")]
_ADAPTER: TypeAdapter[Forward | RevisionRequest | Escalation] = TypeAdapter(Packet)


def parsed(data: bytes) -> Forward | RevisionRequest | Escalation:
    """A packet from its JSON.

    Raises:
        pydantic.ValidationError: it is not one.
    """
    return _ADAPTER.validate_json(data)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a packet."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Moonshine handoff packet",
        **_ADAPTER.json_schema(),
    }
