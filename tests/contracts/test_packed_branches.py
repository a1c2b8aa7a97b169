"""Candidates written with packed weights, and decisions that are left to the full ones.

Only hidden states come from the full weights then: scores are computed by the packed output
layer in both cases, whose likeliest tokens are scored in full. So what can be the same bit for
bit is all that a pass stores, and the likeliest tokens' scores are the same within rounding.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal
from engine.cache.live import LiveCache
from engine.cache.parts import MOST_SHORT_TOKENS, CacheParts
from engine.decoding.generate import decode
from engine.decoding.vocabulary import Vocabulary
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Attend, Decoder
from engine.model.layers import assemble_weights
from engine.model.packed import NUM_RESCORED, pack, packed_weights
from engine.protocol.messages import GenerationRequest
from engine.types import Checkpoint, Preempted, never_interrupt
from tests.contracts.test_drafts import texts_of
from tests.contracts.test_live_cache import interrupting_at, random_tokens, sync
from tests.unit.engine.drafting import oracle
from tests.unit.engine.families import PACKABLE, make_network

PROMPT_TOKENS = 60
FAMILIES = ("qwen2", "mistral-sliding", "phi3-partial", "starcoder2")
ALWAYS, NEVER = float("inf"), 0.0
VOCABULARY = Vocabulary([bytes([32 + index]) for index in range(PACKABLE["vocab_size"])], [0])
TREE = Proposal(0, (5, 6, 7, 8), (0, 0, 1, 1))


class CountingDecoder(Decoder):
    """Counts its passes."""

    num_passes = 0

    def forward(self, tokens: Tensor, attend: Attend, checkpoint: Checkpoint) -> Tensor:
        self.num_passes += 1
        return super().forward(tokens, attend, checkpoint)


@dataclass(frozen=True)
class Pair:
    """A model as stored and packed."""

    full: CountingDecoder
    short: CountingDecoder

    def cache(self, sure_margin: float) -> LiveCache:
        parts = CacheParts.of(self.full, short_decoder=self.short, sure_margin=sure_margin)
        return with_prompt(LiveCache(parts))

    def unpacked_cache(self) -> LiveCache:
        return with_prompt(LiveCache(CacheParts.of(self.full)))


def with_prompt(made: LiveCache) -> LiveCache:
    half = random_tokens(np.random.default_rng(1), PROMPT_TOKENS // 2)
    sync(made, np.concatenate([half, half]))
    return made


@cache
def made_pair(family: str) -> Pair:
    network = make_network(family, **PACKABLE)
    configuration = decoder_configuration(network.config.to_dict())
    tensors = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    weights = assemble_weights(tensors, configuration)
    packed = packed_weights(weights, lambda _, linears, num_planes: pack(linears, num_planes))
    return Pair(CountingDecoder(configuration, weights), CountingDecoder(configuration, packed))


@pytest.fixture(params=FAMILIES)
def pair(request: pytest.FixtureRequest) -> Pair:
    made = made_pair(request.param)
    made.full.num_passes = made.short.num_passes = 0
    return made


@pytest.fixture
def qwen() -> Pair:
    made = made_pair("qwen2")
    made.full.num_passes = made.short.num_passes = 0
    return made


def written(made: LiveCache, proposals: list[list[Proposal]]) -> tuple[Tensor, Tensor]:
    """Return all scores of some steps, and all keys and values stored by then."""
    branches = made.branch(2, 40, 20)
    rows = [branches.first_logits(never_interrupt)[None]]
    rows += [branches.step(each, never_interrupt) for each in proposals]
    in_last_step = sum(len(each.tokens) for each in proposals[-1])
    stop_row = PROMPT_TOKENS + len(branches._owners) + in_last_step
    arena = made.arena
    return torch.cat(rows), torch.stack([arena.keys, arena.values])[:, :, :, :stop_row]


SMALL_TREE = Proposal(0, (5, 6, 7), (0, 0, 0))
STEPS = [[Proposal(0, (5,)), Proposal(1, (6,))], [TREE], [Proposal(1, (9,)), SMALL_TREE]]


def test_what_is_always_close_is_the_full_weights_own(pair: Pair) -> None:
    """Rows bit for bit, the likeliest scores within rounding."""
    scores, rows = written(pair.cache(ALWAYS), STEPS)
    expected, expected_rows = written(pair.unpacked_cache(), STEPS)
    assert torch.equal(rows, expected_rows)
    is_close = (scores - expected).abs() <= 1e-5 * expected.abs().max()
    assert (is_close.sum(-1) >= NUM_RESCORED).all()
    assert is_close.gather(1, expected.topk(8).indices).all()
    assert torch.equal(scores.argmax(-1), expected.argmax(-1))


def test_texts_are_those_of_the_full_weights_where_all_is_close(pair: Pair) -> None:
    assert text(pair.cache(ALWAYS)) == text(pair.unpacked_cache())


def test_without_a_margin_only_packed_weights_write(pair: Pair) -> None:
    made = pair.cache(NEVER)
    before = pair.full.num_passes
    scores, _ = written(made, STEPS)
    assert pair.full.num_passes == before
    assert pair.short.num_passes == len(STEPS)
    expected, _ = written(pair.unpacked_cache(), STEPS)
    assert not torch.allclose(scores[1:], expected[1:], rtol=1e-2, atol=1e-2)


def test_nothing_that_is_kept_is_encoded_with_packed_weights(pair: Pair) -> None:
    made = pair.cache(NEVER)
    assert pair.short.num_passes == 0
    shared = pair.unpacked_cache().arena
    assert torch.equal(made.arena.keys[:, :, :PROMPT_TOKENS], shared.keys[:, :, :PROMPT_TOKENS])


def test_long_passes_take_the_full_weights_once(qwen: Pair) -> None:
    """From some tokens on, packed weights would be slower."""
    branches = qwen.cache(ALWAYS).branch(1, 40, 40)
    branches.first_logits(never_interrupt)
    for num_tokens, expected in (
        (MOST_SHORT_TOKENS, (1, 1)),
        (MOST_SHORT_TOKENS + 1, (1, 0)),
    ):
        qwen.full.num_passes = qwen.short.num_passes = 0
        line = (0, *range(num_tokens - 1))
        branches.step([Proposal(0, (5,) * num_tokens, line)], never_interrupt)
        assert (qwen.full.num_passes, qwen.short.num_passes) == expected


def test_a_decision_is_close_only_where_the_greedy_text_comes_past(qwen: Pair) -> None:
    """What follows a draft that is wrong is not looked at, however close it is."""
    [first_gap], best = gaps(qwen, (5,))
    cases = {draft: gaps(qwen, (5, draft))[0][1] for draft in range(3, 40)}
    closer = {draft: gap for draft, gap in cases.items() if gap < 0.8 * first_gap and draft != best}
    assert closer
    for draft, gap in closer.items():
        assert not retaken(qwen, draft, (gap + first_gap) / 2)
    assert retaken(qwen, next(iter(closer)), first_gap * 1.01)
    right_gap = gaps(qwen, (5, best))[0][1]
    assert retaken(qwen, best, min(first_gap, right_gap) * 1.01)
    assert not retaken(qwen, best, min(first_gap, right_gap) * 0.99)


def gaps(pair: Pair, tokens: tuple[int, ...]) -> tuple[list[float], int]:
    """Return how far apart the two best scores after each token are, and the first's best."""
    branches = pair.cache(NEVER).branch(1, 8, 8)
    branches.first_logits(never_interrupt)
    line = (0, *range(len(tokens) - 1))
    two_best = branches.step([Proposal(0, tokens, line)], never_interrupt).topk(2)
    return (two_best.values[:, 0] - two_best.values[:, 1]).tolist(), int(two_best.indices[0, 0])


def retaken(pair: Pair, draft: int, sure_margin: float) -> bool:
    branches = pair.cache(sure_margin).branch(1, 8, 8)
    branches.first_logits(never_interrupt)
    before = pair.full.num_passes
    branches.step([Proposal(0, (5, draft), (0, 0))], never_interrupt)
    return pair.full.num_passes > before


def text(made: LiveCache, drafts: list[int] | None = None) -> list[int]:
    request = GenerationRequest("d", made.tokens.tolist(), len(made.tokens), max_tokens=24)
    drafter = None if drafts is None else oracle([drafts], MOST_SHORT_TOKENS - 1)
    steps = decode(made, request, VOCABULARY, never_interrupt, drafter=drafter)
    [written_text] = texts_of((event for events in steps for event in events), 1)
    return written_text


@pytest.mark.parametrize("sure_margin", [NEVER, ALWAYS])
def test_drafts_change_nothing_where_all_passes_take_the_same_weights(
    pair: Pair, sure_margin: float
) -> None:
    made = pair.cache(sure_margin)
    plain = text(made)
    assert text(made, plain) == plain
    assert text(made, plain[::-1]) == plain


def test_a_margin_wider_than_the_error_gives_the_full_text(pair: Pair) -> None:
    """Decisions that are not close are the same with packed weights, drafted or not.

    With a narrower one drafts may change a text: a pass taken again stores the full weights'
    rows for all that was drafted with the close decision, and those lean a little otherwise.
    """
    full_text = text(pair.unpacked_cache())
    made = pair.cache(2 * largest_error(pair, full_text))
    pair.full.num_passes = pair.short.num_passes = 0
    assert text(made) == full_text
    assert pair.full.num_passes <= pair.short.num_passes == len(full_text) - 1
    assert text(made, full_text) == full_text


def largest_error(pair: Pair, tokens: list[int]) -> float:
    """Return by how much packed weights miss a score along a text."""
    packed, full = (made.branch(1, 40) for made in (pair.cache(NEVER), pair.unpacked_cache()))
    errors = [packed.first_logits(never_interrupt) - full.first_logits(never_interrupt)]
    for token in tokens[:-1]:
        step = [Proposal(0, (token,))]
        errors.append(packed.step(step, never_interrupt)[0] - full.step(step, never_interrupt)[0])
    return float(torch.stack(errors).abs().max())


@pytest.mark.parametrize("where", ["packed pass", "full pass"])
def test_an_interruption_in_either_pass_leaves_no_trace(pair: Pair, where: str) -> None:
    num_layers = pair.full.configuration.num_layers
    made = pair.cache(ALWAYS)
    expected = pair.cache(ALWAYS)
    layers = range(num_layers) if where == "packed pass" else range(num_layers, 2 * num_layers)
    for layer in layers:
        branches, others = made.branch(1, 20, 20), expected.branch(1, 20, 20)
        for each in (branches, others):
            each.first_logits(never_interrupt)
            each.step([TREE], never_interrupt)
            each.keep(0, [0, 1, 3])
        with pytest.raises(Preempted):
            branches.step([Proposal(0, (20, 21, 22, 23), (0, 0, 1, 2))], interrupting_at(layer))
        again = [Proposal(0, (9, 10, 11), (0, 0, 0))]
        assert torch.equal(
            branches.step(again, never_interrupt), others.step(again, never_interrupt)
        )
