"""The trainers there are."""

from __future__ import annotations

from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.trainers.axolotl import AXOLOTL
from moonshine_assets.lanes.trainers.form import Arguments, Form, Trainer
from moonshine_assets.lanes.trainers.llamafactory import LLAMAFACTORY
from moonshine_assets.lanes.trainers.nemo_rl import NEMO_RL
from moonshine_assets.lanes.trainers.openai import OPENAI
from moonshine_assets.lanes.trainers.openrlhf import OPENRLHF
from moonshine_assets.lanes.trainers.trl import TRL
from moonshine_assets.lanes.trainers.verl import VERL

TRAINERS: dict[str, Trainer] = {
    trainer.name: trainer for trainer in (TRL, AXOLOTL, LLAMAFACTORY, OPENRLHF, VERL, NEMO_RL, OPENAI)
}


def trainer_named(name: str) -> Trainer:
    """A trainer of the registry.

    Raises:
        BadInput: there is no such trainer.
    """
    if name not in TRAINERS:
        raise BadInput(f"there is no trainer {name!r}", fix="trainers are " + ", ".join(TRAINERS))
    return TRAINERS[name]


def form_of(trainer: Trainer, lane: str) -> Form:
    """How a trainer takes a lane.

    Raises:
        BadInput: it takes no such rows.
    """
    if lane not in trainer.forms:
        raise BadInput(f"{trainer.title} takes no {lane} rows", fix="it takes " + ", ".join(trainer.forms))
    return trainer.forms[lane]


def arguments_for(trainer: Trainer, asked: Arguments | None) -> Arguments:
    """The form of tool-call arguments, the trainer's own unless another is asked for.

    Raises:
        BadInput: the trainer would not take that form.
    """
    if asked is None:
        return trainer.arguments[0]
    if asked not in trainer.arguments:
        raise BadInput(
            f"{trainer.title} does not take arguments as {asked}", fix=f"leave --arguments out: {trainer.arguments[0]}"
        )
    return asked
