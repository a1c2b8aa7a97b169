"""The fallback for models whose keys cannot be moved: reuse of what stands unchanged in front.

Runs transformers' own model code and cache. Everything held is exact, so there is nothing to
refresh; an edit costs everything behind it, and with recurrent layers, whose state cannot be
taken back, everything.
"""

import copy
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.cache.base import Proposal
from engine.cache.slices import DEFAULT_SLICE_TOKENS
from engine.errors import SupersededError
from engine.protocol.messages import CacheRun, SyncReport, TokenRange
from engine.tokens import TokenArray, common_length
from engine.types import Checkpoint


@dataclass(frozen=True, slots=True)
class PrefixTraits:
    """How a transformers model wants its cache used.

    Attributes:
        cache_argument: The name under which its forward takes and returns the cache.
        is_recurrent: Its state cannot be taken back, and goes on one token at a time only.
        reusable_tokens: Prompts longer than this reuse nothing, because the model's frequencies
            depend on the length from there on.
    """

    cache_argument: str
    is_recurrent: bool
    reusable_tokens: int


class PrefixCache:
    """Implements `DocumentCache` over a transformers model.

    The model is called a slice at a time and cannot be interrupted within one.
    """

    def __init__(self, network: nn.Module, traits: PrefixTraits) -> None:
        self._network = network
        self._traits = traits
        self._tokens: TokenArray = np.empty(0, dtype=np.int32)
        self._num_kept = 0
        self._num_encoded = 0
        self._state: Any = None
        self._logits: Tensor | None = None
        self._last_sync: SyncReport | None = None
        self.version = 0

    @property
    def tokens(self) -> TokenArray:
        """The prompt, (L,)."""
        return self._tokens

    @property
    def exact_prefix(self) -> int:
        """How many leading tokens are encoded; all of those are exact."""
        return self._num_encoded

    @property
    def num_bytes(self) -> int:
        """Memory held by the tensors of transformers' cache."""
        layers = getattr(self._state, "layers", [])
        held = (value for layer in layers for value in vars(layer).values())
        return sum(value.nbytes for value in held if isinstance(value, Tensor))

    @property
    def last_sync(self) -> SyncReport | None:
        """What the last finished sync did."""
        return self._last_sync

    def runs(self) -> tuple[CacheRun, ...]:
        """Describe the kept prefix and the rest."""
        cuts = ((0, self._num_kept, "kept"), (self._num_kept, self._num_encoded, "encoded"))
        return tuple(
            CacheRun(start, stop, name, True) for start, stop, name in cuts if start < stop
        )

    def sync(
        self,
        tokens: TokenArray,
        cursor: int,
        checkpoint: Checkpoint,
        chunks: Sequence[TokenRange] = (),
    ) -> Generator[None, None, SyncReport]:
        """Hold exactly `tokens`, reusing the longest prefix that can be reused."""
        del cursor, chunks  # everything here is exact
        started = time.perf_counter()
        self._keep_prefix(np.asarray(tokens, dtype=np.int32))
        while self._num_encoded < len(self._tokens):
            checkpoint()
            self._encode(self._tokens[self._num_encoded :][: self._pass_tokens()])
            yield
        self._last_sync = SyncReport(
            prompt=len(self._tokens),
            kept=self._num_kept,
            moved=0,
            encoded=len(self._tokens) - self._num_kept,
            exact_prefix=self._num_encoded,
            sync_ms=(time.perf_counter() - started) * 1000,
        )
        return self._last_sync

    def refresh(self, checkpoint: Checkpoint) -> Generator[int, None, None]:
        """Do nothing: all is exact."""
        del checkpoint
        yield from ()

    def branch(self, num_candidates: int, max_tokens: int, max_drafts: int = 0) -> "PrefixBranches":
        """Begin candidates, each with a copy of the cache."""
        del max_tokens, max_drafts
        if self._logits is None or self._num_encoded < len(self._tokens):
            raise RuntimeError("candidates were begun on a cache whose sync has not finished")
        return PrefixBranches(self, num_candidates)

    def copy(self) -> "PrefixCache":
        """Return an independent cache with the same content."""
        other = PrefixCache(self._network, self._traits)
        other.__dict__.update(self.__dict__ | {"_state": self.copied_state()})
        return other

    def continued(self, token: int, state: Any) -> tuple[Tensor, Any]:
        """Score what follows one more token; `state` is used up."""
        return self._run(np.array([token], dtype=np.int32), state)

    @property
    def logits(self) -> Tensor:
        """Scores after the last token of a finished sync, (V,)."""
        assert self._logits is not None  # noqa: S101  (branch has looked)
        return self._logits

    def copied_state(self) -> Any:
        """Return a copy of transformers' cache."""
        return copy.deepcopy(self._state)

    def _keep_prefix(self, tokens: TokenArray) -> None:
        held = self._tokens[: self._num_encoded]
        if np.array_equal(held, tokens):
            self._num_kept = len(tokens)
            return
        self.version += 1
        kept = common_length(held, tokens[:-1])
        if max(len(held), len(tokens)) > self._traits.reusable_tokens:
            kept = 0
        if kept < len(held) and not self._take_back(len(held) - kept):
            kept = 0
        if not kept:
            self._state = None
        self._tokens, self._num_kept, self._num_encoded = tokens, kept, kept

    def _take_back(self, num_tokens: int) -> bool:
        """Remove tokens from the end of transformers' cache; return whether it can."""
        if self._traits.is_recurrent:
            return False
        try:
            self._state.crop(num_tokens)
        except (RuntimeError, ValueError):  # a sliding window has dropped what would be needed
            return False
        return True

    def _pass_tokens(self) -> int:
        """Return how many tokens the next call of the model may take."""
        if not self._traits.is_recurrent:
            return DEFAULT_SLICE_TOKENS
        return len(self._tokens) if self._state is None else 1

    def _encode(self, tokens: TokenArray) -> None:
        logits, self._state = self._run(tokens, self._state)
        self._num_encoded += len(tokens)
        self._logits = logits

    @torch.inference_mode()
    def _run(self, tokens: TokenArray, state: Any) -> tuple[Tensor, Any]:
        device = next(self._network.parameters()).device
        inputs = torch.from_numpy(tokens.astype(np.int64))[None].to(device)
        output = self._network(inputs, use_cache=True, **{self._traits.cache_argument: state})
        return output.logits[0, -1].float(), output[self._traits.cache_argument]


class PrefixBranches:
    """Candidates that each carry a copy of the cache. Implements `Branches`.

    Takes no drafts: not every state could be taken back after a wrong one.
    """

    takes_drafts = False

    def __init__(self, cache: PrefixCache, num_candidates: int) -> None:
        self._cache = cache
        self._version = cache.version
        self._states: list[Any] = [None] * num_candidates

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        """Score the first token of every candidate, (V,)."""
        checkpoint()
        return self._cache.logits

    def step(self, proposals: Sequence[Proposal], checkpoint: Checkpoint) -> Tensor:
        """Append a token to each named candidate; return scores, (len(proposals), V)."""
        if self._version != self._cache.version:
            raise SupersededError("The document changed while a suggestion was being written.")
        checkpoint()
        return torch.stack([self._extend(proposal) for proposal in proposals])

    def keep(self, candidate: int, path: Sequence[int]) -> None:
        """Do nothing: there is one node, and it is kept."""

    def _extend(self, proposal: Proposal) -> Tensor:
        if len(proposal.tokens) > 1:
            raise ValueError(f"{len(proposal.tokens) - 1} drafts were proposed; wanted none.")
        state = self._states[proposal.candidate] or self._cache.copied_state()
        logits, self._states[proposal.candidate] = self._cache.continued(proposal.tokens[0], state)
        return logits
