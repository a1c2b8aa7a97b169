"""Warmline's own engine, in three ways: as it is, recomputing all, reusing only the prefix."""

import time
from typing import NamedTuple

import torch

from engine.cache.base import DocumentCache, run_to_end
from engine.protocol.messages import GenerationRequest, Piece
from engine.service.run import load_real_model
from engine.settings import EngineSettings
from engine.tokens import common_length
from engine.types import never_interrupt
from evaluation.bench.messages import ArmOptions, LineTiming, Writing, line_timing
from evaluation.bench.scenarios import Prompt

_DOCUMENT = "benchmark"


class _Pass(NamedTuple):
    at_s: float
    tokens: list[int]


class EngineArm:
    """The engine called directly, without a service or an editor. Implements `Arm`."""

    def __init__(self, options: ArmOptions) -> None:
        settings = EngineSettings(
            model=str(options.model),
            threads=options.threads,
            device=options.device,
            storage_type=options.storage_type,
            decode_weights=options.decode_weights,
        )
        loaded = load_real_model(settings, lambda _fraction, _message: None)
        self._model, self._decode = loaded.model, loaded.decode
        self._cache = self._model.new_cache()
        self._name = options.arm
        self._num_written = 0

    def hold(self, prompt: Prompt) -> None:
        """Have the prompt in the cache; an arm that recomputes all has no use for it."""
        if self._name != "full":
            self._sync(prompt)

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        """See `Arm.follow`; with drafts, as users have it."""
        self._cache = self._reusable(prompt)
        started_s = self._now()
        self._sync(prompt)
        updated_s = self._now()
        request = _request(_DOCUMENT, prompt, max_tokens, stops=(b"\n",), drafts=True)
        passes = self._passes(request)
        num_tokens = sum(len(each.tokens) for each in passes)
        return line_timing(started_s, updated_s, passes[0].at_s, passes[-1].at_s, num_tokens)

    def read(self, prompt: Prompt) -> float:
        """See `Arm.read`."""
        self._cache = self._model.new_cache()
        started_s = self._now()
        self._sync(prompt)
        return (self._now() - started_s) * 1000

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool) -> Writing:
        """See `Arm.write`."""
        self._sync(prompt)
        self._num_written += 1
        # A document of its own: what was written here before is no draft.
        document = f"{_DOCUMENT}-{self._num_written}"
        request = _request(document, prompt, max_tokens, stops=(), drafts=drafts)
        first, *later = self._passes(request)
        tokens = tuple(token for each in (first, *later) for token in each.tokens)
        last_s = later[-1].at_s if later else first.at_s
        return Writing(len(tokens) - len(first.tokens), (last_s - first.at_s) * 1000, tokens)

    def cache_bytes(self) -> int:
        """See `Arm.cache_bytes`."""
        return self._cache.num_bytes

    def close(self) -> None:
        """Nothing runs."""

    def _sync(self, prompt: Prompt) -> None:
        chunks = prompt.chunks if self._name == "warmline" else ()
        run_to_end(self._cache.sync(prompt.tokens, prompt.cursor, never_interrupt, chunks))

    def _reusable(self, prompt: Prompt) -> DocumentCache:
        """Return a cache with what this arm may use again."""
        if self._name == "warmline":
            return self._cache
        length = common_length(self._cache.tokens, prompt.tokens) if self._name == "prefix" else 0
        if length == 0:
            return self._model.new_cache()
        run_to_end(self._cache.sync(prompt.tokens[:length], length, never_interrupt))
        return self._cache

    def _passes(self, request: GenerationRequest) -> list[_Pass]:
        """Return what each pass through the model brought, and when."""
        passes = []
        for events in self._decode(self._cache, request, never_interrupt):
            pieces = (event for event in events if isinstance(event, Piece))
            passes.append(_Pass(self._now(), [token for each in pieces for token in each.tokens]))
        return passes

    def _now(self) -> float:
        """Read the clock when all work is done; a GPU works on by itself."""
        if self._model.description.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()


def _request(
    document: str, prompt: Prompt, max_tokens: int, *, stops: tuple[bytes, ...], drafts: bool
) -> GenerationRequest:
    tokens = prompt.tokens.tolist()
    return GenerationRequest(document, tokens, prompt.cursor, max_tokens, stops, drafts=drafts)
