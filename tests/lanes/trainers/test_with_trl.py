"""The lanes through datasets and TRL as they are installed, without any network (`make test-trainers`)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from terminal import Ran

from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday_corpus
from lanes.published_lanes import agentic_code, calls, publish, result, rows_of_every_lane, schema, told, user
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.published import newest_run, published
from moonshine_assets.lanes.trainers.export import export
from moonshine_assets.lanes.trainers.registry import trainer_named
from moonshine_assets.lanes.trainers.template import Refused, compiled
from moonshine_assets.lanes.write import write_lane
from moonshine_resources.home import Home

pytestmark = [
    pytest.mark.trainers,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_spec("trl") is None, reason="`make test-trainers` installs TRL"),
]


@pytest.fixture(scope="module")
def written_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish(Home.at(tmp_path_factory.mktemp("written")), rows_of_every_lane())


def exported(home: Home, lane: str, target: Path, **more: Any) -> Any:
    """The training rows as datasets loads them."""
    from datasets import load_dataset

    done = export(published(home, lane)[0], trainer_named("trl"), target / lane, **more)
    return load_dataset("json", data_files=str(done.folder / "train.jsonl"), split="train", cache_dir=str(target / "c"))


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("lane", LANES)
def test_datasets_loads_a_lane_from_its_folder(tmp_path: Path, lane: str, kind: str) -> None:
    """By the card's configurations: the lane's own, and that of its other tier."""
    from datasets import load_dataset

    result = build_lane(everyday_corpus().mash(), lane, POLICY, DISTILLATION)
    folder = write_lane(Home.at(tmp_path), lane, DISTILLATION, POLICY, result).folder
    loaded = []
    for tier in {entry.tier for entry in result.rows.entries}:
        name = lane if tier == "core" else f"{lane}_{tier}"
        place = folder if kind == "jsonl" else folder / "parquet"
        splits = load_dataset(str(place), name, cache_dir=str(tmp_path / "cache"))
        loaded += [row for split in splits.values() for row in split.to_list()]
    assert sorted(loaded, key=lambda row: row["record_uid"]) == list(result.rows)
    assert loaded


@pytest.mark.parametrize("lane", LANES)
def test_datasets_leaves_every_line_of_an_export_as_it_was_written(
    written_home: Home, tmp_path: Path, lane: str
) -> None:
    loaded = exported(written_home, lane, tmp_path)
    written = [json.loads(line) for line in (tmp_path / lane / "train.jsonl").open(encoding="utf-8")]
    assert loaded.to_list() == written


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """Trained on the spot on the rows; the chat template is the one TRL has for Qwen3."""
    import trl
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    bytes_.train_from_iterator(texts(rows_of_every_lane()), trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=bytes_, bos_token="<|endoftext|>", eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    made.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text("utf-8")
    return made


@pytest.fixture
def model(tokenizer: Any, tmp_path: Path) -> str:
    """Its folder: pair trainers load the reference model from where the model came from."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(1)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    folder = tmp_path / "model"
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def settings(kind: Any, target: Path, **more: Any) -> Any:
    return kind(
        output_dir=str(target / "out"),
        max_steps=1,
        per_device_train_batch_size=2,
        learning_rate=1e-2,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        **more,
    )


def sft(model: str, tokenizer: Any, rows: Any, target: Path) -> Any:
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model,
        settings(SFTConfig, target, assistant_only_loss=True, max_length=8192),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    for row in trainer.train_dataset:
        assert 0 < sum(label != -100 for label in row["labels"]) < len(row["labels"])
    return trainer


def dpo(model: str, tokenizer: Any, rows: Any, target: Path) -> Any:
    from trl import DPOConfig, DPOTrainer

    return DPOTrainer(model, None, settings(DPOConfig, target), train_dataset=rows, processing_class=tokenizer)


def kto(model: str, tokenizer: Any, rows: Any, target: Path) -> Any:
    from trl import KTOConfig, KTOTrainer

    return KTOTrainer(model, None, settings(KTOConfig, target), train_dataset=rows, processing_class=tokenizer)


def grpo(model: str, tokenizer: Any, rows: Any, target: Path) -> Any:
    """With the reward file of the export, imported from there as a person would."""
    import importlib.util

    from trl import GRPOConfig, GRPOTrainer

    spec = importlib.util.spec_from_file_location("moonshine_reward", target / "grpo" / "moonshine_reward.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    asked: list[dict[str, Any]] = []

    def reward(**columns: Any) -> list[float]:
        asked.append(columns)
        scores = module.moonshine_reward(**columns)
        # A random model is never right: without any difference in reward there is no gradient.
        return [
            score + len(answer[-1]["content"]) for score, answer in zip(scores, columns["completions"], strict=True)
        ]

    arguments = settings(GRPOConfig, target, num_generations=2, max_completion_length=8)
    trainer = GRPOTrainer(model, reward, args=arguments, train_dataset=rows, processing_class=tokenizer)
    trainer.asked = asked
    return trainer


STEPS: dict[str, Callable[..., Any]] = {
    "conversational": sft,
    "agentic_code": sft,
    "dpo": dpo,
    "kto": kto,
    "grpo": grpo,
}


def trained(make: Callable[..., Any], model: Any, tokenizer: Any, rows: Any, target: Path) -> Any:
    trainer = make(model, tokenizer, rows, target)
    before = trainer.model.lm_head.weight.detach().clone()
    done = trainer.train()
    assert done.global_step == 1
    assert math.isfinite(done.training_loss)
    assert not before.equal(trainer.model.lm_head.weight)
    return trainer


@pytest.mark.parametrize("lane", LANES)
def test_trl_trains_a_step(written_home: Home, tmp_path: Path, lane: str, tokenizer: Any, model: Any) -> None:
    rows = exported(written_home, lane, tmp_path)
    trainer = trained(STEPS[lane], model, tokenizer, rows, tmp_path)
    if lane == "grpo":
        assert {column for call in trainer.asked for column in call} >= {"ground_truth", "verifier", "verifier_args"}


@pytest.mark.parametrize("lane", LANES)
def test_trl_trains_a_step_on_the_bundled_samples(
    ran_home: Ran, tmp_path: Path, lane: str, tokenizer: Any, model: Any
) -> None:
    assert newest_run(ran_home.home)
    rows = exported(ran_home.home, lane, tmp_path, tier="all")
    trained(STEPS[lane], model, tokenizer, rows, tmp_path)


def test_arguments_as_text_are_trained_as_well(written_home: Home, tmp_path: Path, tokenizer: Any, model: Any) -> None:
    rows = exported(written_home, "agentic_code", tmp_path, arguments="string")
    trained(sft, model, tokenizer, rows, tmp_path)


def in_parts(message: dict[str, Any]) -> dict[str, Any]:
    """Templates of models that see take content as parts."""
    return {**message, "content": [{"type": "text", "text": message["content"]}]}


CONVERSATIONS: list[tuple[list[dict[str, Any]], list[Any] | None]] = [
    ([user("Hello?"), told("Hello."), user("Größe <b>?"), told("a  \n b ")], None),
    ([{"role": "system", "content": "Be short."}, user("Hello?"), told("Hello.")], None),
    ([in_parts(user("Hello?")), in_parts(told("Hello."))], None),
    (agentic_code()["messages"], agentic_code()["tools"]),
    ([user("x"), calls("", ("c1", "f", {"a": '"'})), result("c1", "f", "r"), told("y")], [schema("f", "a")]),
]


def trl_templates() -> list[str]:
    found = find_spec("trl")
    if found is None or found.origin is None:
        return []
    return sorted(path.stem for path in (Path(found.origin).parent / "chat_templates").glob("*.jinja"))


@pytest.mark.parametrize("name", trl_templates() or ["none"])
def test_templates_render_as_transformers_renders_them(name: str, tokenizer: Any) -> None:
    """Text and what is marked as generated, for every template of TRL; refused where transformers refuses."""
    import trl

    source = (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text("utf-8")
    tokens = {key: value for key, value in tokenizer.special_tokens_map.items() if isinstance(value, str)}
    mine = compiled(name, source, tokens)
    compared = 0
    for messages, tools in CONVERSATIONS:
        for prompt in (False, True):
            try:
                theirs = tokenizer.apply_chat_template(
                    messages, tools=tools, chat_template=source, tokenize=False, add_generation_prompt=prompt
                )
            except Exception:
                with pytest.raises(Refused):
                    mine.render(messages, tools, prompt)
                continue
            rendered = mine.render(messages, tools, prompt)
            assert rendered.text == theirs
            compared += 1
            if mine.marks and not prompt:
                encoded = tokenizer.apply_chat_template(
                    messages, tools=tools, chat_template=source, return_assistant_tokens_mask=True, return_dict=True
                )
                marked = [rendered.text[start:end] for start, end in rendered.generated]
                kept = [token for token, on in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if on]
                assert bool(kept) == bool("".join(marked))
    assert compared
