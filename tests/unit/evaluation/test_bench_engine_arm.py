"""The three ways to use the engine, on a tiny model with random weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from completion.tokenization import Tokenization
from evaluation.bench.arms.engine_arm import EngineArm
from evaluation.bench.arms.transformers_arm import TransformersArm
from evaluation.bench.messages import ArmOptions
from evaluation.bench.scenarios import Prompt, Step, left_to_right_history
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network

TEXT = "".join(f"value_{number} = compute({number})\n" for number in range(40))
MAX_TOKENS = 6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": 2048,
    }
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture(scope="module")
def steps(model: Path) -> list[Step]:
    return list(
        left_to_right_history(
            TEXT,
            new_lines=["new = line()"],
            kinds=["insert@50"],
            repeats=2,
            seed=0,
            tokenization=Tokenization.load(model),
        )
    )


@pytest.fixture
def arm(model: Path) -> Callable[[str], EngineArm]:
    return lambda name: EngineArm(ArmOptions(name, model, threads=1, storage_type="float32"))


@pytest.mark.parametrize(
    ("name", "kept", "moved"),
    [("warmline", True, True), ("prefix", True, False), ("full", False, False)],
)
def test_each_way_reuses_what_it_says(
    arm: Callable[[str], EngineArm], steps: list[Step], name: str, *, kept: bool, moved: bool
) -> None:
    """Both steps: the second must not find anything else than the first."""
    used = arm(name)
    for step in steps:
        used.hold(step.before)
        timing = used.follow(step.after, MAX_TOKENS)
        report = used._cache.last_sync
        assert report is not None
        assert (report.kept > 0, report.moved > 0) == (kept, moved)
        assert np.array_equal(used._cache.tokens, step.after.tokens)
        assert 0 < timing.update_ms <= timing.first_token_ms <= timing.line_ms
        assert 1 <= timing.line_tokens <= MAX_TOKENS


def test_reading_reuses_nothing(arm: Callable[[str], EngineArm], steps: list[Step]) -> None:
    used, prompt = arm("warmline"), steps[0].before
    used.hold(prompt)
    assert used.read(prompt) > 0
    report = used._cache.last_sync
    assert report is not None
    assert report.encoded == report.prompt == len(prompt.tokens)
    assert used.cache_bytes() > 0


def test_all_arms_write_the_same(
    arm: Callable[[str], EngineArm], model: Path, steps: list[Step]
) -> None:
    """Greedy, on the same weights: what is timed is the same work."""
    prompt = steps[0].before
    ours = arm("warmline").write(prompt, MAX_TOKENS, drafts=False)
    assert len(ours.tokens) == ours.num_tokens + 1
    options = ArmOptions("transformers", model, threads=1, storage_type="float32")
    theirs = TransformersArm(options)
    assert theirs.read(prompt) > 0
    written = theirs.write(prompt, MAX_TOKENS)
    assert written.num_tokens == MAX_TOKENS - 1
    assert written.tokens[: len(ours.tokens)] == ours.tokens
    timing = theirs.follow(prompt, MAX_TOKENS)
    assert 0 < timing.update_ms <= timing.first_token_ms <= timing.line_ms


def test_transformers_stops_at_the_end_of_the_line(model: Path, steps: list[Step]) -> None:
    arm = TransformersArm(ArmOptions("transformers", model, threads=1))
    every_token = frozenset(range(10_000))
    arm._line_ends = every_token
    assert arm.follow(Prompt(steps[0].before.tokens, 1, ""), MAX_TOKENS).line_tokens == 1
