"""What runs on the worker's thread, as generators of steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import SupersededError
from engine.protocol.messages import (
    CacheMap,
    GenerationEvent,
    GenerationRequest,
    Synced,
    SyncReport,
    TokenRange,
)
from engine.service.pool import CacheKey, CachePool
from engine.service.work import Step
from engine.tokens import TokenArray
from engine.types import Checkpoint

if TYPE_CHECKING:  # these import torch, which must not delay the service's first answer
    from engine.cache.base import DocumentCache
    from engine.model.base import Model
    from engine.service.snapshots import Snapshots

    Decode = Callable[
        [DocumentCache, GenerationRequest, Checkpoint],
        Generator[tuple[GenerationEvent, ...], None, None],
    ]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model and the way to decode with it."""

    model: Model
    decode: Decode  # yields the events of each step, from a cache already in sync
    notes: tuple[str, ...] = ()  # sentences for users: told once, and kept in the status
    snapshots: Snapshots | None = None  # keeps caches on disk


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything the worker needs at hand."""

    loaded: LoadedModel
    pool: CachePool


def sync_steps(
    bench: Bench,
    key: CacheKey,
    prompt: TokenArray,
    cursor: int,
    checkpoint: Checkpoint,
    *,
    chunks: Sequence[TokenRange],
) -> Generator[Step, None, None]:
    """Bring the cache of `key` in line with `prompt`, then yield `Synced`."""
    with bench.pool.lend(key, len(prompt), checkpoint) as cache:
        report = yield from cache.sync(prompt, cursor, checkpoint, chunks)
    yield (Synced(report),)


def generation_steps(
    bench: Bench,
    key: CacheKey,
    prompt: TokenArray,
    request: GenerationRequest,
    checkpoint: Checkpoint,
) -> Generator[Step, None, None]:
    """Sync to `prompt`, then decode."""
    with bench.pool.lend(key, len(prompt), checkpoint) as cache:
        report = yield from cache.sync(prompt, request.cursor, checkpoint, request.chunks)
        yield (Synced(report),)
        yield from bench.loaded.decode(cache, request, checkpoint)


class AheadSteps:
    """Decodes after a cache that holds `prompt` already, and leaves it as it is.

    Left for more urgent work after its first events were told, it cannot begin anew: whoever
    listens would hear them twice.
    """

    def __init__(
        self, bench: Bench, key: CacheKey, prompt: TokenArray, request: GenerationRequest
    ) -> None:
        self._bench = bench
        self._key = key
        self._prompt = prompt
        self._request = request
        self._has_told = False

    def __call__(self, checkpoint: Checkpoint) -> Generator[Step, None, None]:
        """Yield what `generation_steps` yields.

        Raises:
            SupersededError: If the cache holds something else, or this is begun anew too late.
        """
        if self._has_told:
            raise SupersededError("More urgent work took the place of this work.")
        self._require_prompt()
        with self._bench.pool.lend_ahead(self._key, len(self._prompt)) as cache:
            first: tuple[GenerationEvent, ...] = (Synced(_report_on(cache)),)
            for events in self._bench.loaded.decode(cache, self._request, checkpoint):
                self._has_told = True
                yield (*first, *events)
                first = ()

    def _require_prompt(self) -> None:
        cache = self._bench.pool.find(self._key)
        if cache is None or not np.array_equal(cache.tokens, self._prompt):
            raise SupersededError(f"The cache of {self._key.document} is for another text by now.")


def refresh_slice(
    bench: Bench, clock: Callable[[], float], checkpoint: Checkpoint
) -> Generator[float, None, None]:
    """Encode one slice afresh, of the open document used last that is not exact.

    Yields the seconds it took by `clock`, or nothing where every cache is exact; then caches
    are kept on disk now and then.
    """
    began_s = clock()
    for cache in bench.pool.open_caches():
        for _ in cache.refresh(checkpoint):
            yield clock() - began_s
            return
    bench.pool.save_when_idle(checkpoint)


def describe(bench: Bench, key: CacheKey) -> CacheMap | None:
    """Describe the cache of `key` as it is between two steps."""
    cache = bench.pool.find(key)
    if cache is None:
        return None
    return CacheMap(
        document=key.document,
        tokens=tuple(cache.tokens.tolist()),
        runs=cache.runs(),
        exact_prefix=cache.exact_prefix,
        bytes_used=cache.num_bytes,
        last_sync=cache.last_sync,
    )


def _report_on(cache: DocumentCache) -> SyncReport:
    """Report a sync to the tokens that `cache` holds, which takes nothing."""
    length = len(cache.tokens)
    return SyncReport(length, length, 0, 0, cache.exact_prefix, 0.0)
