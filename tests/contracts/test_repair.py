"""Repair policies in a live cache, and what the model is asked for them.

Tolerances: float32, distances and attention within 1e-3 of the largest, relative to what
transformers' own model or a fresh prefill gives.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.cache.alignment import align
from engine.cache.attention import causal_groups
from engine.cache.base import run_to_end
from engine.cache.default_repair import DEFAULT_REPAIR, POLICY_NAMES, policy_named
from engine.cache.live import LiveCache
from engine.cache.pace import FEWEST_TOKENS, REMEMBERED_PASSES, PacedRepair
from engine.cache.parts import CacheParts
from engine.cache.policies import POLICIES, RankedRepair
from engine.cache.probe import CacheProbe
from engine.cache.repair import NO_REPAIR, RepairPolicy, Situation
from engine.cache.slices import stretches
from engine.model.decoder import Decoder
from engine.model.loader import load_model
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from engine.types import Preempted, never_interrupt
from tests.contracts.test_live_cache import (
    assert_like_fresh,
    edited,
    interrupting_at,
    make_decoder,
    next_logits,
    random_tokens,
    refresh,
    sync,
)
from tests.unit.engine.families import ROTATING, make_network, save_network

SLICE_TOKENS = 32
ALL = {name: policy_named(name) for name in POLICY_NAMES} | {"none": NO_REPAIR}
SMALL = {
    name: RankedRepair(policy.order, budget_tokens=12, end_tokens=3)
    for name, policy in POLICIES.items()
    if isinstance(policy, RankedRepair)
}
Question = Callable[[Situation], object]


class Asking:
    """A policy that asks something, keeps the answer and chooses nothing."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self.answer: object = None

    def select(self, situation: Situation) -> np.typing.NDArray[np.bool_]:
        if situation.is_stale.any():
            self.answer = self._question(situation)
        return np.zeros(len(situation.tokens), dtype=np.bool_)


@pytest.fixture(scope="module")
def qwen() -> Decoder:
    return make_decoder("qwen2")


def cache_with(decoder: Decoder, policy: RepairPolicy | None) -> LiveCache:
    return LiveCache(CacheParts.of(decoder), policy, SLICE_TOKENS)


def stale_rows(situation: Situation) -> np.typing.NDArray[np.intp]:
    return np.flatnonzero(situation.is_stale)


def insert_four(tokens: TokenArray, place: int = 10) -> TokenArray:
    return np.insert(tokens, place, [4, 5, 6, 7]).astype(np.int32)


@pytest.mark.parametrize("name", SMALL)
def test_refreshed_equals_fresh_prefill_whatever_was_mended(name: str, qwen: Decoder) -> None:
    """No policy leaves anything behind that a refresh does not find, nor spends more than told."""
    generator = np.random.default_rng(30)
    cache = cache_with(qwen, SMALL[name])
    tokens = random_tokens(generator, 100)
    sync(cache, tokens)
    for step in range(15):
        before, tokens = tokens, edited(generator, tokens)
        sync(cache, tokens, int(generator.integers(0, len(tokens) + 1)))
        num_new = len(tokens) - sum(run.length for run in align(before, tokens))
        assert cache.last_sync is not None
        assert num_new <= cache.last_sync.encoded <= num_new + 12
        if step % 5 == 4:
            next(cache.refresh(never_interrupt), None)
    refresh(cache)
    assert_like_fresh(cache, lambda: cache_with(qwen, None))


@pytest.mark.parametrize("name", ["deviation", "attention", "tail-influence"])
@pytest.mark.parametrize("family", sorted(ROTATING))
def test_every_family_can_be_asked(name: str, family: str) -> None:
    decoder = make_decoder(family)
    cache = cache_with(decoder, SMALL[name])
    tokens = random_tokens(np.random.default_rng(31), 100)
    sync(cache, tokens)
    sync(cache, insert_four(tokens), 60)
    assert cache.last_sync is not None
    assert cache.last_sync.encoded == 4 + 12
    refresh(cache)
    assert_like_fresh(cache, lambda: cache_with(decoder, None))


def loaded_cache(directory: Path, **settings: Any) -> LiveCache:
    wished = EngineSettings(device="cpu", storage_type="float32", **settings)
    cache = load_model(directory, "tiny", wished).new_cache()
    assert isinstance(cache, LiveCache)
    return cache


def test_a_setting_chooses(tmp_path: Path) -> None:
    directory = save_network(make_network("qwen2"), tmp_path)
    for name in POLICIES:
        assert loaded_cache(directory, repair=name)._policy == policy_named(name)
    paced = loaded_cache(directory, repair_ms=70)._policy
    assert isinstance(paced, PacedRepair)
    assert (paced.policy, paced.limit_ms) == (DEFAULT_REPAIR, 70)


def test_the_default_keeps_to_its_time(tmp_path: Path) -> None:
    """A model that is told its passes are slow mends less, and is exact after a refresh."""
    cache = loaded_cache(save_network(make_network("qwen2"), tmp_path), repair_ms=1)
    tokens = random_tokens(np.random.default_rng(33), 1000)
    sync(cache, tokens)
    encoded = []
    for token_ms in (1e-6, 1.0):
        for _ in range(REMEMBERED_PASSES):
            cache._parts.pace.took(FEWEST_TOKENS, FEWEST_TOKENS * token_ms)
        tokens = insert_four(tokens)
        sync(cache, tokens, 900)
        assert cache.last_sync is not None
        encoded.append(cache.last_sync.encoded)
    assert encoded == [4 + 56 + 40 + 8 + 24, 4 + 8 + 6 + 1 + 3]
    refresh(cache)
    assert_like_fresh(cache, lambda: LiveCache(cache._parts))


def test_what_passes_took_is_the_pace(qwen: Decoder) -> None:
    cache = LiveCache(CacheParts.of(qwen), slice_tokens=256)
    sync(cache, random_tokens(np.random.default_rng(34), FEWEST_TOKENS - 1))
    assert cache._parts.pace.token_ms is None
    sync(cache, random_tokens(np.random.default_rng(35), 200))
    assert cache._parts.pace.token_ms is not None


@pytest.mark.parametrize("name", ALL)
def test_an_exact_cache_is_left_alone(name: str, qwen: Decoder) -> None:
    tokens = random_tokens(np.random.default_rng(32), 100)
    cache = cache_with(qwen, ALL[name])
    sync(cache, tokens)
    sync(cache, insert_four(tokens))
    refresh(cache)
    for cursor in (0, 50, 104, 104):
        sync(cache, cache.tokens, cursor)
        assert cache.last_sync is not None
        assert cache.last_sync.encoded == 0


@pytest.mark.parametrize("name", ALL)
def test_the_same_again_costs_nothing(name: str, qwen: Decoder) -> None:
    """A request for the text that was just synced does not spend another budget."""
    policy = SMALL.get(name, ALL[name])
    tokens = random_tokens(np.random.default_rng(33), 140)
    cache = cache_with(qwen, policy)
    sync(cache, tokens)
    sync(cache, insert_four(tokens), 70)
    logits = next_logits(cache, 5)
    version = cache.version
    for again in (cache, cache.copy()):
        report = run_to_end(again.sync(cache.tokens, 70, never_interrupt))
        assert (report.encoded, report.moved) == (0, 0)
    assert cache.version == version
    assert torch.equal(next_logits(cache, 5), logits)


@pytest.mark.parametrize(("name", "num_checkpoints"), [("deviation", 10), ("attention", 3)])
def test_an_interrupted_question_leaves_no_trace(
    name: str, num_checkpoints: int, qwen: Decoder
) -> None:
    """Left at any checkpoint of a question or of the pass behind it, the next sync asks again."""
    tokens = random_tokens(np.random.default_rng(34), 140)
    text = insert_four(tokens)
    expected = cache_with(qwen, SMALL[name])
    for each in (tokens, text):
        sync(expected, each, 60)
    for layer in range(num_checkpoints + 3):
        cache = cache_with(qwen, SMALL[name])
        sync(cache, tokens, 60)
        with pytest.raises(Preempted):
            run_to_end(cache.sync(text, 60, interrupting_at(layer)))
        sync(cache, text, 60)
        assert encoded_rows(cache) == encoded_rows(expected)
        refresh(cache)
        assert_like_fresh(cache, lambda: cache_with(qwen, None))


def encoded_rows(cache: LiveCache) -> list[int]:
    runs = [run for run in cache.runs() if run.origin == "encoded"]
    return [row for run in runs for row in range(run.start, run.stop)]


@pytest.mark.parametrize(
    "question",
    [
        lambda situation: situation.probe.deviation(stale_rows(situation)),
        lambda situation: situation.probe.attention_to(
            stale_rows(situation), np.array([50, 60, 103])
        ),
    ],
    ids=["deviation", "attention"],
)
def test_asking_leaves_every_bit_of_the_arena(question: Question, qwen: Decoder) -> None:
    caches: list[LiveCache] = []

    def asking(situation: Situation) -> bool:
        arena = caches[0].arena
        blocks = (arena.keys, arena.unrotated, arena.values)
        before = [block.clone() for block in blocks]
        question(situation)
        return all(
            torch.equal(block.view(torch.int32), copy.view(torch.int32))
            for block, copy in zip(blocks, before, strict=True)
        )

    policy = Asking(asking)
    caches.append(cache_with(qwen, policy))
    tokens = random_tokens(np.random.default_rng(35), 100)
    sync(caches[0], tokens)
    sync(caches[0], insert_four(tokens))
    assert policy.answer is True


@pytest.mark.parametrize("family", ["qwen2", "mistral-sliding", "gemma2-sliding", "phi3-partial"])
def test_deviation_is_that_of_a_fresh_prefill(family: str) -> None:
    """The second layer sees only tokens through the first, so a fresh prefill is what to meet."""
    decoder = make_decoder(family)
    tokens = random_tokens(np.random.default_rng(36), 100)
    text = insert_four(tokens)
    policy = Asking(lambda situation: situation.probe.deviation(stale_rows(situation)[::-1]))
    cache, fresh = cache_with(decoder, policy), cache_with(decoder, None)
    sync(fresh, text)
    sync(cache, tokens)
    old_keys, old_values = (
        block[1, :, 10:100].clone() for block in (cache.arena.unrotated, cache.arena.values)
    )
    sync(cache, text)
    key_changes = (fresh.arena.unrotated[1, :, 14:104] - old_keys).square().sum((0, 2)).sqrt()
    value_changes = (fresh.arena.values[1, :, 14:104] - old_values).square().sum((0, 2)).sqrt()
    expected = key_changes / key_changes.mean() + value_changes / value_changes.mean()
    np.testing.assert_allclose(policy.answer, expected.flip(0), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", ["qwen2", "mistral-sliding", "gemma2-sliding", "llama-yarn"])
def test_attention_is_that_of_transformers(family: str) -> None:
    """On an exact cache, all layers' and heads' weights added up are those of its own model."""
    network = make_network(family)
    from_rows = [40, 98, 99]
    rows = np.array([70, 3, 0, 39, 41])
    cache = cache_with(make_decoder(family), None)
    tokens = random_tokens(np.random.default_rng(37), 100)
    sync(cache, tokens)
    answer = probe_of(cache).attention_to(rows, np.array(from_rows))
    with torch.no_grad():
        inputs = torch.from_numpy(tokens.astype(np.int64))[None]
        weights = network(inputs, output_attentions=True).attentions
    total = torch.stack(weights)[:, 0][:, :, from_rows].sum((0, 1, 2))
    np.testing.assert_allclose(answer, total[rows], rtol=1e-3, atol=1e-3 * float(total.max()))
    assert answer.any()


def probe_of(cache: LiveCache) -> CacheProbe:
    return CacheProbe(cache._parts, cache.arena, cache._ledger, SLICE_TOKENS, never_interrupt)


def test_rows_that_hold_nothing_are_not_read(qwen: Decoder) -> None:
    """New rows hold whatever stood there before, not even numbers perhaps."""
    tokens = random_tokens(np.random.default_rng(38), 100)
    text = insert_four(tokens, 50)
    caches: list[LiveCache] = []

    def asking(situation: Situation) -> bool:
        for block in (caches[0].arena.keys, caches[0].arena.unrotated, caches[0].arena.values):
            block[:, :, 50:54] = torch.nan
        rows = stale_rows(situation)
        deviation = situation.probe.deviation(rows)
        attention = situation.probe.attention_to(rows, np.array([53, 103]))
        return bool(np.isfinite(deviation).all() and np.isfinite(attention).all())

    policy = Asking(asking)
    caches.append(cache_with(qwen, policy))
    sync(caches[0], tokens)
    sync(caches[0], text)
    assert policy.answer is True


@pytest.mark.parametrize("family", ["qwen2", "mistral-sliding"])
def test_rows_apart_are_encoded_as_in_one_go(family: str) -> None:
    """Scattered rows see all up to themselves and nothing behind, however they share calls."""
    generator = np.random.default_rng(39)
    decoder = make_decoder(family)
    tokens = random_tokens(generator, 140)
    cache, fresh = cache_with(decoder, None), cache_with(decoder, None)
    for each in (cache, fresh):
        sync(each, tokens)
    rows = np.sort(generator.choice(140, 60, replace=False))
    assert len(causal_groups(rows, torch.device("cpu"))) < len(stretches(rows))
    cache._encode(rows, never_interrupt)
    for ours, theirs in (
        (cache.arena.keys, fresh.arena.keys),
        (cache.arena.values, fresh.arena.values),
    ):
        torch.testing.assert_close(ours[:, :, :140], theirs[:, :, :140], rtol=1e-4, atol=1e-5)
