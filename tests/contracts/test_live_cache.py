"""What a live cache promises, on tiny models with random weights.

Tolerances: float32 logits after a refresh against a fresh prefill within 1e-5 of the largest
logit; a key against its own unrotated key turned once in float64 within one rounding of the
storage type at the length of the turned pair. The environment variable WARMLINE_TEST_EDITS
says after how many edits, for every family alike.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal, run_to_end
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.cache.repair import WindowRepair
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import assemble_weights
from engine.tokens import TokenArray
from engine.types import Preempted, never_interrupt
from tests.unit.engine.families import ROTATING, VOCABULARY_SIZE, make_network

SLICE_TOKENS = 32
POLICY = WindowRepair(head_tokens=6, all_heads_tokens=8, cursor_tokens=6, end_tokens=3)
MakeCache = Callable[[], LiveCache]


def make_decoder(family: str, dtype: torch.dtype = torch.float32, **more: Any) -> Decoder:
    network = make_network(family, **more)
    configuration = decoder_configuration(network.config.to_dict())
    tensors = {name: tensor.detach().to(dtype) for name, tensor in network.state_dict().items()}
    return Decoder(configuration, assemble_weights(tensors, configuration))


def cache_maker(decoder: Decoder) -> MakeCache:
    parts = CacheParts.of(decoder)
    return lambda: LiveCache(parts, POLICY, SLICE_TOKENS)


@pytest.fixture(params=sorted(ROTATING))
def make_cache(request: pytest.FixtureRequest) -> MakeCache:
    return cache_maker(make_decoder(request.param))


@pytest.fixture
def make_qwen_cache() -> MakeCache:
    return cache_maker(make_decoder("qwen2"))


def random_tokens(generator: np.random.Generator, length: int) -> TokenArray:
    return generator.integers(3, VOCABULARY_SIZE, length).astype(np.int32)


def edited(generator: np.random.Generator, tokens: TokenArray) -> TokenArray:
    """Return the tokens after one random replacement, move or insertion."""
    start = int(generator.integers(0, len(tokens)))
    stop = min(len(tokens), start + int(generator.integers(0, 12)))
    if generator.random() < 0.2:
        target = int(generator.integers(0, len(tokens) - (stop - start) + 1))
        rest = np.delete(tokens, slice(start, stop))
        return np.insert(rest, target, tokens[start:stop]).astype(np.int32)
    fresh = random_tokens(generator, int(generator.integers(0, 12)))
    result = np.concatenate([tokens[:start], fresh, tokens[stop:]])
    return result if 20 <= len(result) <= 150 else tokens


def sync(cache: LiveCache, tokens: TokenArray, cursor: int | None = None) -> None:
    run_to_end(cache.sync(tokens, len(tokens) if cursor is None else cursor, never_interrupt))


def refresh(cache: LiveCache) -> None:
    for _ in cache.refresh(never_interrupt):
        pass


def next_logits(cache: LiveCache, *more: int) -> Tensor:
    """Return scores after the prompt and after each further token, (1 + more, V)."""
    branches = cache.branch(1, 8)
    rows = [branches.first_logits(never_interrupt)]
    rows += [branches.step([Proposal(0, (token,))], never_interrupt)[0] for token in more]
    return torch.stack(rows)


def assert_like_fresh(cache: LiveCache, make: MakeCache) -> None:
    fresh = make()
    sync(fresh, cache.tokens)
    expected = next_logits(fresh, 5, 7)
    error = (next_logits(cache, 5, 7) - expected).abs().max()
    assert error <= 1e-5 * expected.abs().max()


def test_asked_again_it_tells_of_the_last_edit(make_qwen_cache: MakeCache) -> None:
    """A second sync for the same place does nothing, and hides nothing of what the first did."""
    cache = make_qwen_cache()
    tokens = random_tokens(np.random.default_rng(4), 100)
    sync(cache, tokens)
    sync(cache, np.insert(tokens, 20, [4, 5]).astype(np.int32), 60)
    told, runs, version = cache.last_sync, cache.runs(), cache.version
    again = run_to_end(cache.sync(cache.tokens.copy(), 60, never_interrupt))
    assert (again.prompt, again.kept, again.moved, again.encoded) == (102, 102, 0, 0)
    assert (cache.last_sync, cache.runs(), cache.version) == (told, runs, version)
    sync(cache, cache.tokens, 61)
    assert cache.last_sync != told


def test_refreshed_cache_equals_fresh_prefill(make_cache: MakeCache) -> None:
    """After any edits, a refresh to the end leaves nothing of the old text behind."""
    generator = np.random.default_rng(3)
    cache = make_cache()
    tokens = random_tokens(generator, 100)
    sync(cache, tokens)
    for _ in range(12):
        tokens = edited(generator, tokens)
        sync(cache, tokens, int(generator.integers(0, len(tokens) + 1)))
        np.testing.assert_array_equal(cache.tokens, tokens)
    refresh(cache)
    assert cache.exact_prefix == len(tokens)
    assert_like_fresh(cache, make_cache)


def test_exact_prefix_is_never_a_boast(make_qwen_cache: MakeCache) -> None:
    """Rows reported exact equal those of a fresh prefill after every edit."""
    generator = np.random.default_rng(4)
    cache = make_qwen_cache()
    tokens = random_tokens(generator, 90)
    for step in range(40):
        sync(cache, tokens, int(generator.integers(0, len(tokens) + 1)))
        if step % 5 == 4:
            next(cache.refresh(never_interrupt), None)
        fresh = make_qwen_cache()
        sync(fresh, tokens)
        exact = [
            index for run in cache.runs() if run.is_exact for index in range(run.start, run.stop)
        ]
        for block in ("keys", "unrotated", "values"):
            ours = getattr(cache.arena, block)[:, :, exact]
            theirs = getattr(fresh.arena, block)[:, :, exact]
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        tokens = edited(generator, tokens)


def test_same_grid_gives_the_same_bits(make_cache: MakeCache) -> None:
    """A cache whose every row is encoded again from zero is a fresh prefill, bit for bit."""
    generator = np.random.default_rng(5)
    tokens = random_tokens(generator, 100)
    cache = make_cache()
    sync(cache, random_tokens(generator, 120))
    sync(cache, np.concatenate([random_tokens(generator, 1), cache.tokens[1:100]]))
    refresh(cache)
    sync(cache, tokens)
    fresh = make_cache()
    sync(fresh, tokens)
    torch.testing.assert_close(
        cache.arena.keys[:, :, :100], fresh.arena.keys[:, :, :100], rtol=0, atol=0
    )
    torch.testing.assert_close(next_logits(cache, 5), next_logits(fresh, 5), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("family", "num_edits", "num_layers"),
    [("qwen2", 10_000, 1), ("qwen2", 1000, 3), ("llama-yarn", 1000, 3), ("phi3-partial", 1000, 3)],
)
def test_any_number_of_edits_turns_each_key_once(
    family: str, num_edits: int, num_layers: int, dtype: torch.dtype
) -> None:
    """Each key equals its own unrotated key turned once, in float64, to where it stands."""
    decoder = make_decoder(family, dtype, num_hidden_layers=num_layers)
    cache = cache_maker(decoder)()
    generator = np.random.default_rng(6)
    tokens = random_tokens(generator, 100)
    for _ in range(int(os.environ.get("WARMLINE_TEST_EDITS", num_edits))):
        tokens = edited(generator, tokens)
        sync(cache, tokens)
    frequencies = decoder.configuration.frequencies[0]
    half = frequencies.rotary_size // 2
    angles = torch.arange(len(tokens), dtype=torch.float64)[:, None] * torch.from_numpy(
        frequencies.radians_per_token
    )
    cosines, sines = angles.cos() * frequencies.amplitude, angles.sin() * frequencies.amplitude
    unrotated = cache.arena.unrotated[:, :, : len(tokens)].double()
    keys = cache.arena.keys[:, :, : len(tokens)].double()
    first, second = unrotated[..., :half], unrotated[..., half : 2 * half]
    one_rounding = torch.finfo(dtype).eps * torch.hypot(first, second) * frequencies.amplitude
    assert ((keys[..., :half] - (first * cosines - second * sines)).abs() <= one_rounding).all()
    turned_second = keys[..., half : 2 * half] - (second * cosines + first * sines)
    assert (turned_second.abs() <= one_rounding).all()
    assert torch.equal(keys[..., 2 * half :], unrotated[..., 2 * half :])


def test_undo_makes_exact_again(make_qwen_cache: MakeCache) -> None:
    """Rows that saw only what now stands before them again are exact without any work."""
    generator = np.random.default_rng(7)
    tokens = random_tokens(generator, 140)
    cache = make_qwen_cache()
    sync(cache, tokens)
    sync(cache, np.insert(tokens, 30, random_tokens(generator, 4)).astype(np.int32))
    assert cache.exact_prefix == 34 + POLICY.head_tokens
    sync(cache, tokens)
    exact = sum(run.stop - run.start for run in cache.runs() if run.is_exact)
    mended = POLICY.head_tokens + POLICY.cursor_tokens + POLICY.end_tokens
    assert exact >= len(tokens) - mended
    refresh(cache)
    assert_like_fresh(cache, make_qwen_cache)


def test_insertion_encodes_the_inserted_and_the_windows(make_qwen_cache: MakeCache) -> None:
    """One edit costs its own tokens and the repair windows; everything else stays or moves."""
    generator = np.random.default_rng(8)
    tokens = random_tokens(generator, 140)
    cache = make_qwen_cache()
    sync(cache, tokens)
    sync(cache, np.insert(tokens, 20, random_tokens(generator, 5)).astype(np.int32), 80)
    report = cache.last_sync
    assert report is not None
    assert report.kept + report.moved + report.encoded == report.prompt == 145
    assert report.kept == 20
    assert report.encoded == 5 + POLICY.head_tokens + POLICY.cursor_tokens + POLICY.end_tokens


def test_an_interrupted_pass_leaves_no_trace(make_qwen_cache: MakeCache) -> None:
    """A pass abandoned between layers is as if it had never begun."""
    generator = np.random.default_rng(9)
    tokens = random_tokens(generator, 100)
    cache = make_qwen_cache()
    sync(cache, tokens)
    sync(cache, np.insert(tokens, 10, random_tokens(generator, 3)).astype(np.int32))
    before = cache.arena.keys[:, :, :103].clone(), cache.arena.values[:, :, :103].clone()
    exact_before, logits_before = cache.exact_prefix, next_logits(cache, 5)
    for call in range(2 * 3):  # before either half of each layer
        with pytest.raises(Preempted):
            next(cache.refresh(interrupting_at(call)))
    assert torch.equal(cache.arena.keys[:, :, :103], before[0])
    assert torch.equal(cache.arena.values[:, :, :103], before[1])
    assert cache.exact_prefix == exact_before
    assert torch.equal(next_logits(cache, 5), logits_before)
    refresh(cache)
    assert_like_fresh(cache, make_qwen_cache)


def interrupting_at(call: int) -> Callable[[], None]:
    calls = iter(range(1000))

    def checkpoint() -> None:
        if next(calls) == call:
            raise Preempted

    return checkpoint


def test_an_abandoned_sync_keeps_what_it_has_done(make_qwen_cache: MakeCache) -> None:
    """A newer text may arrive in the middle of a prefill; slices already done are not lost."""
    tokens = random_tokens(np.random.default_rng(10), 140)
    cache = make_qwen_cache()
    work = cache.sync(tokens, 140, never_interrupt)
    next(work)
    next(work)
    work.close()
    sync(cache, tokens)
    assert cache.last_sync is not None
    assert cache.last_sync.encoded == 140 - 2 * SLICE_TOKENS
    assert_like_fresh(cache, make_qwen_cache)


def test_candidates_do_not_see_each_other(make_cache: MakeCache) -> None:
    """Several candidates in one pass score as each would alone."""
    tokens = random_tokens(np.random.default_rng(11), 60)
    cache = make_cache()
    sync(cache, tokens)
    together = cache.branch(3, 8)
    together.first_logits(never_interrupt)
    together.step([Proposal(index, (5 + index,)) for index in range(3)], never_interrupt)
    both = together.step([Proposal(2, (8,)), Proposal(0, (9,))], never_interrupt)
    expected = torch.stack([next_logits(cache, 7, 8)[-1], next_logits(cache, 5, 9)[-1]])
    torch.testing.assert_close(both, expected, rtol=1e-5, atol=1e-5)


def test_a_copy_is_independent(make_qwen_cache: MakeCache) -> None:
    """Two windows may take one file different ways."""
    generator = np.random.default_rng(12)
    tokens = random_tokens(generator, 80)
    mine = make_qwen_cache()
    sync(mine, tokens)
    theirs = mine.copy()
    sync(theirs, edited(generator, tokens))
    assert torch.equal(next_logits(mine, 5), next_logits_of_fresh(make_qwen_cache, tokens))
    refresh(theirs)
    assert_like_fresh(theirs, make_qwen_cache)


def next_logits_of_fresh(make: MakeCache, tokens: TokenArray) -> Tensor:
    fresh = make()
    sync(fresh, tokens)
    return next_logits(fresh, 5)


def test_many_changed_places_cost_no_more_than_the_bound() -> None:
    """The default policy mends at most 160 tokens however many places changed."""
    decoder = make_decoder("qwen2")
    cache = LiveCache(CacheParts.of(decoder))
    generator = np.random.default_rng(13)
    tokens = random_tokens(generator, 450)
    sync(cache, tokens)
    places = np.arange(20, 320, 30)
    sync(cache, np.insert(tokens, places, random_tokens(generator, len(places))), 380)
    assert cache.last_sync is not None
    assert cache.last_sync.encoded <= len(places) + 160
