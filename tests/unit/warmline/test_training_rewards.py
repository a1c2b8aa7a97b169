"""The served model as a reward model, on tiny random weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from completion.families import QWEN_CODER
from completion.layout import Layout
from completion.tokenization import Tokenization
from engine.cache.base import run_to_end
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.cache.repair import NO_REPAIR
from engine.decoding.vocabulary import Vocabulary
from engine.types import never_interrupt
from retrieval.training.token_weights import token_weights, weighted_mean
from retrieval.training.types import Sample, SampleKind
from retrieval.types import Chunk, Place
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import ROTATING, SMALL, make_network, make_transformers_model
from tests.unit.evaluation.fidelity_fakes import parts_of, random_tokens
from warmline.training.packed_prompts import truth_losses
from warmline.training.rewards import PromptLimits, ServedRewards

LINES = "".join(f"value_{index} = compute(value_{index - 1})\n" for index in range(40))
HELPFUL = Chunk("lib/compute.py", 3, "def compute(value):\n    return value\n", 0.0)


def sample(key: str = "a") -> Sample:
    place = Place("app/main.py", LINES + LINES, len(LINES))
    return Sample(key, "project", SampleKind.CROSSFILE, place, "result = compute(value_39)")


def with_suffix() -> Sample:
    return next(each for each in map(sample, "abcdefgh") if FIM in prompt_text(each))


def without_suffix() -> Sample:
    return next(each for each in map(sample, "abcdefgh") if FIM not in prompt_text(each))


FIM = "<|fim_suffix|>"


def make_rewards(limits: PromptLimits | None = None) -> ServedRewards:
    tokenizer = small_tokenizer()
    tokenization = Tokenization(tokenizer)
    size = tokenizer.get_vocab_size()
    parts = parts_of(make_transformers_model("qwen2", SMALL | {"vocab_size": size}))
    tokens = [tokenizer.decode([index]).encode() for index in range(size)]
    return ServedRewards(
        parts,
        Layout(QWEN_CODER, tokenization),
        tokenization,
        Vocabulary(tokens, ()),
        weights="abc",
        limits=limits,
    )


def prompt_text(each: Sample, context: Chunk | None = None) -> str:
    tokenization = Tokenization(small_tokenizer())
    return tokenization.decode(make_rewards().prompt(each, context).tolist())


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_losses_are_those_of_each_prompt_read_alone(family: str) -> None:
    parts = parts_of(make_network(family))
    generator = np.random.default_rng(0)
    prompts = [random_tokens(generator, length) for length in (40, 1, 17)]
    truth = random_tokens(generator, 6)
    losses = truth_losses(parts, prompts, truth)
    wanted = torch.stack([losses_through_cache(parts, prompt, truth) for prompt in prompts])
    torch.testing.assert_close(losses, wanted, atol=2e-4, rtol=2e-4)


def losses_through_cache(parts: CacheParts, prompt: np.ndarray, truth: np.ndarray) -> torch.Tensor:
    """Read the prompt and then the truth token by token, as a live cache does."""
    losses = []
    for index in range(len(truth)):
        tokens = np.concatenate([prompt, truth[:index]])
        cache = LiveCache(parts, NO_REPAIR)
        run_to_end(cache.sync(tokens, len(tokens), never_interrupt))
        scores = parts.decoder.logits(cache.last_hidden(never_interrupt))[0]
        losses.append(-torch.log_softmax(scores, -1)[int(truth[index])])
    return torch.stack(losses)


def test_what_else_is_asked_changes_nothing() -> None:
    rewards = make_rewards()
    alone = [rewards.losses(sample(), [context])[0] for context in (HELPFUL, None)]
    assert rewards.losses(sample(), [HELPFUL, None]) == tuple(alone)
    assert alone[0] != alone[1]


def test_the_prompt_is_the_familys_own_with_one_chunk() -> None:
    text = prompt_text(with_suffix(), HELPFUL)
    chunk = (
        "<|repo_name|>project\n<|file_sep|>lib/compute.py\ndef compute(value):\n    return value\n"
    )
    assert text.startswith(chunk)
    assert "<|file_sep|>app/main.py\n<|fim_prefix|>" in text
    assert text.endswith("<|fim_middle|>")
    assert "compute.py" not in prompt_text(with_suffix(), None)


def test_every_second_sample_is_written_from_left_to_right() -> None:
    text = prompt_text(without_suffix(), HELPFUL)
    assert "<|fim" not in text
    assert text.endswith("value_39 = compute(value_38)\n")


def test_prompts_are_as_short_as_was_asked_for() -> None:
    limits = PromptLimits(before=60, after=30, chunk=10, truth=4)
    rewards = make_rewards(limits)
    overhead = 40  # markers, names and paths
    assert len(rewards.prompt(with_suffix(), HELPFUL)) < 60 + 30 + 10 + overhead
    assert rewards.identity != make_rewards().identity


def test_a_loss_is_the_weighted_mean_over_the_truth() -> None:
    rewards = make_rewards()
    truth = rewards._tokenization.encode(sample().truth)
    (losses,) = truth_losses(rewards._parts, [rewards.prompt(sample(), None)], truth)
    weights = token_weights([rewards._vocabulary.token_bytes(token) for token in truth.tolist()])
    assert len(set(weights.tolist())) == 3
    wanted = weighted_mean(losses.double().numpy(), weights)
    assert rewards.losses(sample(), [None]) == (wanted,)


def test_only_the_beginning_of_a_long_truth_counts() -> None:
    rewards = make_rewards(PromptLimits(truth=4))
    longer = replace(sample(), truth=sample().truth + "  # and so on")
    assert rewards.losses(longer, [None]) == rewards.losses(sample(), [None])
