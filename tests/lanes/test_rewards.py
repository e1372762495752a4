"""The file exports carry scores an answer as the lane does, called as each trainer calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from moonshine_assets.lanes import rewards
from moonshine_assets.lanes.rewards import REWARDS, compute_score, moonshine_reward
from moonshine_assets.lanes.verifiers import VERIFIERS

KEYS = json.dumps({"keys": ["a"]})


def test_every_verifier_rewards_by_it() -> None:
    assert {name: verifier.reward for name, verifier in VERIFIERS.items()} == REWARDS


def test_the_file_stands_alone(tmp_path: Path) -> None:
    """A trainer's environment has no Moonshine: the copy is imported where nothing but Python is."""
    (tmp_path / "moonshine_reward.py").write_bytes(Path(rewards.__file__).read_bytes())
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        " import moonshine_reward as m; print(m.compute_score('moonshine_arithmetic_exact', 'it is 391', '391', {}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "1.0"), done.stderr


def test_a_data_source_of_others_is_refused_as_verl_does() -> None:
    with pytest.raises(NotImplementedError, match="openai/gsm8k"):
        compute_score("openai/gsm8k", "1", "1")
    with pytest.raises(NotImplementedError):
        compute_score("moonshine_guess", "1", "1")


def test_verl_gives_the_arguments_as_extra_info() -> None:
    assert compute_score("moonshine_json_object", '{"a": 1}', '["a"]', {"verifier_args": KEYS}) == 1.0
    assert compute_score("moonshine_json_object", '{"b": 1}', '["a"]', {"verifier_args": KEYS}) == 0.0


def test_trl_gives_columns_and_completions_as_texts_or_conversations() -> None:
    completions = ["so 391", [{"role": "assistant", "content": "390"}], '{"a": 2}']
    columns = {
        "ground_truth": ["391", "391", '["a"]'],
        "verifier": ["arithmetic_exact", "arithmetic_exact", "json_object"],
        "verifier_args": ["{}", "{}", KEYS],
        "prompts": [None] * 3,
    }
    assert moonshine_reward(completions, **columns) == [1.0, 0.0, 1.0]
