"""What chunks that are computed once promise, on tiny models with random weights.

Tolerances: as in `test_live_cache`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cache.ahead import read_chunks
from engine.cache.base import run_to_end
from engine.cache.chunks import ChunkStore
from engine.cache.ledger import Flags
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.cache.repair import Situation
from engine.model.decoder import Decoder
from engine.model.loader import RotatingModel, load_model
from engine.protocol.messages import SyncReport, TokenRange
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from engine.types import Preempted, never_interrupt
from tests.contracts.test_live_cache import (
    POLICY,
    SLICE_TOKENS,
    assert_like_fresh,
    interrupting_at,
    make_decoder,
    next_logits,
    random_tokens,
    refresh,
)
from tests.unit.engine.families import ROTATING, make_network, save_network

CHUNK_TOKENS = 20
DOCUMENT_TOKENS = 60
SEPARATOR = np.array([1], dtype=np.int32)
PLENTY = 10**9
Chunks = Sequence[TokenArray]


class Prompts:
    """Lays chunks out in front of a document, as prompts have them."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.beginning = random_tokens(generator, 5)
        self.document = random_tokens(generator, DOCUMENT_TOKENS)
        self.chunks = [random_tokens(generator, CHUNK_TOKENS + n) for n in range(6)]

    def with_chunks(self, *chosen: int) -> tuple[TokenArray, tuple[TokenRange, ...]]:
        return self.lay_out([self.chunks[index] for index in chosen], self.document)

    def lay_out(
        self, chunks: Chunks, document: TokenArray
    ) -> tuple[TokenArray, tuple[TokenRange, ...]]:
        parts, places, length = [self.beginning], [], len(self.beginning)
        for chunk in chunks:
            start = length + len(SEPARATOR)
            length = start + len(chunk)
            parts += [SEPARATOR, chunk]
            places.append(TokenRange(start, length))
        return np.concatenate([*parts, SEPARATOR, document]).astype(np.int32), tuple(places)


@pytest.fixture
def prompts() -> Prompts:
    return Prompts(50)


@pytest.fixture(scope="module")
def qwen() -> Decoder:
    return make_decoder("qwen2")


def cache_over(decoder: Decoder, store: ChunkStore | None) -> LiveCache:
    return LiveCache(CacheParts.of(decoder), POLICY, SLICE_TOKENS, store=store)


def sync(cache: LiveCache, prompt: tuple[TokenArray, tuple[TokenRange, ...]]) -> SyncReport:
    tokens, chunks = prompt
    report = run_to_end(cache.sync(tokens, len(tokens), never_interrupt, chunks))
    np.testing.assert_array_equal(cache.tokens, tokens)
    assert report.kept + report.moved + report.encoded == report.prompt
    return report


def read_ahead(decoder: Decoder, store: ChunkStore, prompts: Prompts, *chosen: int) -> None:
    """Read each chunk alone behind the beginning."""
    tokens, places = prompts.with_chunks(*chosen)
    new_cache = partial(cache_over, decoder, store)
    run_to_end(read_chunks(store, new_cache, tokens, places, never_interrupt))


def most_encoded(num_chunks: int) -> int:
    """Markers, and what the policy may mend: its heads, the tail and the end."""
    return num_chunks + 1 + POLICY.all_heads_tokens + POLICY.cursor_tokens + POLICY.end_tokens


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_chunks_of_another_document_need_no_reading(family: str) -> None:
    """A new set of chunks costs its markers and the repair, and a refresh leaves nothing of it."""
    decoder, prompts, store = make_decoder(family), Prompts(51), ChunkStore(PLENTY)
    read_ahead(decoder, store, prompts, 3, 4, 5)
    cache = cache_over(decoder, store)
    sync(cache, prompts.with_chunks(0, 1, 2))
    assert sync(cache, prompts.with_chunks(3, 4, 5)).encoded <= most_encoded(3)
    refresh(cache)
    assert cache.exact_prefix == len(cache.tokens)
    assert_like_fresh(cache, lambda: cache_over(decoder, None))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["qwen2", "llama-yarn", "phi3-partial"])
def test_keys_from_the_store_are_turned_once(family: str, dtype: torch.dtype) -> None:
    """Each key equals its own unrotated key turned once, in float64, to where it stands."""
    decoder, prompts, store = make_decoder(family, dtype), Prompts(52), ChunkStore(PLENTY)
    read_ahead(decoder, store, prompts, 0, 1, 2, 3)
    cache = cache_over(decoder, store)
    for chosen in ((0, 1), (2, 0, 3), (3, 2, 1, 0), (1, 3)):
        sync(cache, prompts.with_chunks(*chosen))
    length = len(cache.tokens)
    frequencies = decoder.configuration.frequencies[0]
    half = frequencies.rotary_size // 2
    angles = torch.arange(length, dtype=torch.float64)[:, None] * torch.from_numpy(
        frequencies.radians_per_token
    )
    cosines, sines = angles.cos() * frequencies.amplitude, angles.sin() * frequencies.amplitude
    unrotated = cache.arena.unrotated[:, :, :length].double()
    keys = cache.arena.keys[:, :, :length].double()
    first, second = unrotated[..., :half], unrotated[..., half : 2 * half]
    one_rounding = torch.finfo(dtype).eps * torch.hypot(first, second) * frequencies.amplitude
    assert ((keys[..., :half] - (first * cosines - second * sines)).abs() <= one_rounding).all()
    turned_second = keys[..., half : 2 * half] - (second * cosines + first * sines)
    assert (turned_second.abs() <= one_rounding).all()


def test_rows_from_the_store_are_those_of_the_chunk(qwen: Decoder, prompts: Prompts) -> None:
    """Behind its encoded head, a borrowed chunk is what was computed for it elsewhere."""
    store = ChunkStore(PLENTY)
    read_ahead(qwen, store, prompts, 3)
    stored = store.find(prompts.chunks[3])
    assert stored is not None
    cache = cache_over(qwen, store)
    tokens, places = prompts.with_chunks(0, 3, 1)
    sync(cache, (tokens, places))
    rows = slice(places[1].start + POLICY.head_tokens, places[1].stop)
    assert torch.equal(cache.arena.unrotated[:, :, rows], stored.unrotated[:, :, 6:])
    assert torch.equal(cache.arena.values[:, :, rows], stored.values[:, :, 6:])
    assert not any(run.is_exact for run in cache.runs() if run.start >= rows.stop)


def test_a_chunk_is_exact_only_where_it_was_encoded(qwen: Decoder, prompts: Prompts) -> None:
    """The same chunk behind the same text is exact in any document; behind other text never."""
    store = ChunkStore(PLENTY)
    sync(cache_over(qwen, store), prompts.with_chunks(0, 1))
    other = Prompts(53).document
    same = cache_over(qwen, store)
    report = sync(same, prompts.lay_out([prompts.chunks[0], prompts.chunks[1]], other))
    assert report.exact_prefix == report.prompt
    assert_like_fresh(same, lambda: cache_over(qwen, None))
    turned = cache_over(qwen, store)
    tokens, places = prompts.with_chunks(1, 0)
    sync(turned, (tokens, places))
    assert turned.exact_prefix < places[0].stop


@pytest.mark.parametrize(
    ("before", "after", "num_new"),
    [
        ((0, 1, 2), (2, 0, 1), 0),
        ((0, 1, 2), (0, 3, 2), 3),
        ((0, 1, 2), (0, 2), 0),
        ((0, 1, 2), (2, 1, 0), 0),
        ((), (0, 1), 2),
        ((0, 1), (), 0),
    ],
    ids=["order", "exchanged", "removed", "reversed", "first", "none"],
)
def test_a_changed_set_costs_what_is_new(
    before: tuple[int, ...],
    after: tuple[int, ...],
    num_new: int,
    qwen: Decoder,
    prompts: Prompts,
) -> None:
    """What the document's own cache holds is moved, store or no store."""
    num_tokens = sum(len(prompts.chunks[index]) for index in set(after) - set(before))
    assert (num_tokens > 0) == (num_new > 0)
    for store in (None, ChunkStore(PLENTY)):
        cache = cache_over(qwen, store)
        sync(cache, prompts.with_chunks(*before))
        report = sync(cache, prompts.with_chunks(*after))
        assert report.encoded <= num_tokens + most_encoded(len(after))
        refresh(cache)
        assert_like_fresh(cache, lambda: cache_over(qwen, None))


def test_a_chunk_that_comes_back_is_exact_again(qwen: Decoder, prompts: Prompts) -> None:
    cache = cache_over(qwen, ChunkStore(PLENTY))
    sync(cache, prompts.with_chunks(0, 1))
    sync(cache, prompts.with_chunks(1))
    tokens, places = prompts.with_chunks(0, 1)
    report = sync(cache, (tokens, places))
    assert report.exact_prefix >= places[0].stop
    assert report.encoded <= most_encoded(2)


def test_a_document_that_says_the_same_as_a_chunk(qwen: Decoder, prompts: Prompts) -> None:
    """Text that stands both in a chunk and in the document is told apart by its place."""
    chunk = prompts.chunks[0]
    document = np.concatenate([prompts.document[:30], chunk, prompts.document[30:]])
    document = document.astype(np.int32)
    cache = cache_over(qwen, ChunkStore(PLENTY))
    for chunks in ([], [chunk], [prompts.chunks[1], chunk], [chunk, chunk], [prompts.chunks[1]]):
        sync(cache, prompts.lay_out(chunks, document))
        sync(cache, prompts.lay_out(chunks, prompts.document))
        fresh = cache_over(qwen, None)
        sync(fresh, prompts.lay_out(chunks, prompts.document))
        exact = [row for run in cache.runs() if run.is_exact for row in range(run.start, run.stop)]
        ours, theirs = (each.arena.values[:, :, exact] for each in (cache, fresh))
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    refresh(cache)
    assert_like_fresh(cache, lambda: cache_over(qwen, None))


def test_the_store_stays_within_its_bytes(qwen: Decoder, prompts: Prompts) -> None:
    """Of more chunks than fit, those used last stay; one that does not fit alone never comes in."""
    room = ChunkStore(PLENTY)
    read_ahead(qwen, room, prompts, 0, 1, 2)
    store = ChunkStore(room.num_bytes)
    for index in (0, 1, 2, 0, 3):
        read_ahead(qwen, store, prompts, index)
        assert store.num_bytes <= room.num_bytes
    held = [index for index in range(4) if store.find(prompts.chunks[index]) is not None]
    assert held == [0, 3]
    sync(cache_over(qwen, store), prompts.lay_out([np.tile(prompts.document, 3)], prompts.document))
    assert store.find(np.tile(prompts.document, 3)) is None
    assert store.find(prompts.chunks[0]) is not None


def test_without_a_budget_nothing_is_kept(qwen: Decoder, prompts: Prompts) -> None:
    store = ChunkStore(0)
    read_ahead(qwen, store, prompts, 0)
    assert store.num_bytes == 0
    assert store.find(prompts.chunks[0]) is None


def test_every_model_has_a_store_of_its_own(tmp_path: Path, prompts: Prompts) -> None:
    """The same tokens mean other keys to another model, and other text to another tokenizer."""
    models = []
    for family in ("qwen2", "phi3-partial"):
        directory = tmp_path / family
        directory.mkdir()
        save_network(make_network(family), directory)
        models.append(load_model(directory, family, EngineSettings(storage_type="float32")))
    first, second = (model for model in models if isinstance(model, RotatingModel))
    sync(first.new_cache(), prompts.with_chunks(0))
    assert first.chunk_bytes > 0 == second.chunk_bytes
    met, unmet = (sync(each.new_cache(), prompts.with_chunks(0)) for each in (first, second))
    assert met.moved >= CHUNK_TOKENS
    assert unmet.encoded == unmet.prompt


class Noting:
    """Mends nothing, and remembers whether it was told of other chunks."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def select(self, situation: Situation) -> Flags:
        self.told.append(situation.has_other_chunks)
        return np.zeros(len(situation.tokens), dtype=np.bool_)


def test_an_exchange_is_told_from_an_edit_once(qwen: Decoder, prompts: Prompts) -> None:
    """Going, coming and moving are exchanges, whatever is typed in the document is none."""
    policy = Noting()
    cache = LiveCache(CacheParts.of(qwen), policy, SLICE_TOKENS, store=ChunkStore(PLENTY))
    for chosen in ((0, 1, 2), (0, 1, 2), (1, 0, 2), (1, 0, 2), (1, 0), (1, 0), (), (), (3,)):
        prompts.document = np.insert(prompts.document, 30, len(policy.told) + 3).astype(np.int32)
        sync(cache, prompts.with_chunks(*chosen))
    assert policy.told == [True, False, True, False, True, False, True, False, True]
    tokens, places = prompts.with_chunks(3, 4)
    with pytest.raises(Preempted):
        run_to_end(cache.sync(tokens, len(tokens), interrupting_at(2), places))
    sync(cache.copy(), (tokens, places))
    sync(cache, (tokens, places))
    assert policy.told[-3:] == [True] * 3


def test_an_abandoned_sync_leaves_only_whole_chunks(qwen: Decoder, prompts: Prompts) -> None:
    """A pass that is left in the middle stores nothing, and the next sync goes on as usual."""
    store = ChunkStore(PLENTY)
    read_ahead(qwen, store, prompts, 3)
    num_bytes = store.num_bytes
    cache = cache_over(qwen, store)
    tokens, places = prompts.with_chunks(0, 3, 1)
    with pytest.raises(Preempted):
        run_to_end(cache.sync(tokens, len(tokens), interrupting_at(2), places))
    assert store.num_bytes == num_bytes
    sync(cache, (tokens, places))
    expected = cache_over(qwen, store.copy())
    assert store.find(prompts.chunks[0]) is not None
    refresh(cache)
    sync(expected, (tokens, places))
    refresh(expected)
    torch.testing.assert_close(next_logits(cache, 5), next_logits(expected, 5))
    assert_like_fresh(cache, lambda: cache_over(qwen, None))
