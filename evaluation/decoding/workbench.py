"""Caches of one model, made and changed as the arms want it, with what that took."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from engine.cache.ahead import read_chunks
from engine.cache.base import run_to_end
from engine.cache.chunks import ChunkStore
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.cache.repair import NO_REPAIR
from engine.cache.slices import DEFAULT_SLICE_TOKENS
from engine.tokens import common_length
from engine.types import never_interrupt
from evaluation.bench.scenarios import Prompt

FLOOR_SLICE_TOKENS = 192


@dataclass(frozen=True, slots=True)
class Held:
    """A cache that can be asked for the next token, and what its last change took.

    Attributes:
        cache: Holds the prompt.
        logits: Scores of the next token, (V,), float32.
        encoded_tokens: That went through the model in the last change, until `logits` were there.
        ms: Likewise.
        pass_ms: From its beginning to the end of each pass.
    """

    cache: LiveCache
    logits: Tensor
    encoded_tokens: int
    ms: float
    pass_ms: tuple[float, ...] = ()


class Workbench:
    """Makes caches of one model.

    Args:
        parts: Of the model.
        slice_tokens: Most tokens in one pass, except for the noise floor.
    """

    def __init__(self, parts: CacheParts, slice_tokens: int = DEFAULT_SLICE_TOKENS) -> None:
        self.parts = parts
        self.slice_tokens = slice_tokens

    def read(self, prompt: Prompt, store: ChunkStore | None = None) -> Held:
        """Read a prompt from nothing, or from what a store has of it."""
        empty = LiveCache(self.parts, NO_REPAIR, self.slice_tokens, store=store)
        return self.change(empty, [prompt])

    def read_otherwise(self, prompt: Prompt) -> Held:
        """Do the same in other slices and with the other kernel of attention.

        The engine may choose that one on the same machine, so a user has to live with what
        differs: rounding, and nothing else.
        """
        parts = replace(self.parts, kernels=self.parts.kernels.exchanged())
        return self.change(LiveCache(parts, NO_REPAIR, FLOOR_SLICE_TOKENS), [prompt])

    def read_like(self, begun: Held, prompt: Prompt) -> Held:
        """Read a prompt from nothing, but for the slices that one just read begins with too.

        They would be read in the same passes, so the result is the same to the bit. What is told
        is as if they had been: the time they took then is added.
        """
        common_tokens = common_length(begun.cache.tokens, prompt.tokens[:-1])
        num_slices = common_tokens // self.slice_tokens
        if not num_slices:
            return self.read(prompt)
        cache = begun.cache.copy_under(NO_REPAIR)
        shared = prompt.tokens[: num_slices * self.slice_tokens]
        run_to_end(cache.sync(shared, len(shared), never_interrupt))
        rest = self.change(cache, [prompt])
        return replace(
            rest,
            encoded_tokens=len(shared) + rest.encoded_tokens,
            ms=begun.pass_ms[num_slices - 1] + rest.ms,
        )

    def change(self, cache: LiveCache, prompts: Sequence[Prompt]) -> Held:
        """Sync a cache through all prompts in turn; what is told is of the last one."""
        for prompt in prompts[:-1]:
            run_to_end(cache.sync(prompt.tokens, prompt.cursor, never_interrupt, prompt.chunks))
        started = self._now()
        last = prompts[-1]
        work = cache.sync(last.tokens, last.cursor, never_interrupt, last.chunks)
        pass_ms = tuple((self._now() - started) * 1000 for _ in work)
        report = cache.last_sync
        assert report is not None  # noqa: S101  (a sync has just ended)
        return replace(self._held(cache, report.encoded, started), pass_ms=pass_ms)

    def meet(self, prompt: Prompt, store: ChunkStore) -> None:
        """Read the chunks of a prompt into a store, each behind the prompt's beginning alone."""
        new_cache = partial(LiveCache, self.parts, NO_REPAIR, self.slice_tokens, store=store)
        run_to_end(read_chunks(store, new_cache, prompt.tokens, prompt.chunks, never_interrupt))

    def refresh(self, cache: LiveCache) -> Held:
        """Refresh a cache to its end."""
        started = self._now()
        return self._held(cache, sum(cache.refresh(never_interrupt)), started)

    def _held(self, cache: LiveCache, encoded_tokens: int, started_s: float) -> Held:
        """Score the next token; the last row may have to be encoded again for that."""
        version = cache.version
        hidden = cache.last_hidden(never_interrupt)
        logits = self.parts.decoder.logits(hidden)[0]
        ms = (self._now() - started_s) * 1000
        return Held(cache, logits, encoded_tokens + (cache.version != version), ms)

    def _now(self) -> float:
        """Return the time, in seconds, once the device has done what it was told."""
        if self.parts.decoder.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()
