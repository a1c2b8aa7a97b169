"""Candidates written after a prompt, in scratch rows that the prompt never sees."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from engine.cache.arena import Arena
from engine.cache.attention import ArenaAttention, QueryGroup, causal_visibility
from engine.errors import SupersededError
from engine.model.decoder import Decoder
from engine.model.rotary import RotaryTable
from engine.tokens import TokenArray
from engine.types import Checkpoint


class SyncedPrompt(Protocol):
    """What candidates need of the cache they are written after."""

    @property
    def tokens(self) -> TokenArray:
        """The prompt, (L,)."""
        ...

    @property
    def version(self) -> int:
        """Changes whenever rows do."""
        ...

    @property
    def arena(self) -> Arena:
        """The prompt's rows, and room for scratch rows behind them."""
        ...

    def last_hidden(self, checkpoint: Checkpoint) -> Tensor:
        """Return the hidden state of the last token, (1, hidden)."""
        ...


class ArenaBranches:
    """Several candidates, one pass per step. Implements `Branches`.

    Each candidate's tokens stand at positions from the prompt's end on; in memory the rows of
    all candidates are mixed in the order of writing, and each sees the prompt and its own.
    """

    def __init__(
        self,
        cache: SyncedPrompt,
        decoder: Decoder,
        tables: Sequence[RotaryTable],
        num_candidates: int,
    ) -> None:
        self._cache = cache
        self._decoder = decoder
        self._tables = tables
        self._version: int | None = None  # set by first_logits
        self._prompt_length = len(cache.tokens)
        self._num_tokens = [0] * num_candidates
        self._owners: list[int] = []  # of each scratch row written
        self._positions: list[int] = []  # likewise

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        """Score the first token of every candidate, (V,)."""
        hidden = self._cache.last_hidden(checkpoint)
        self._version = self._cache.version
        return self._decoder.logits(hidden)[0]

    def step(
        self, candidates: Sequence[int], tokens: Sequence[int], checkpoint: Checkpoint
    ) -> Tensor:
        """Append a token to each named candidate; return scores, (len(candidates), V)."""
        if self._version != self._cache.version:
            raise SupersededError("The document changed while a suggestion was being written.")
        device = self._decoder.device
        positions = [self._prompt_length + self._num_tokens[index] for index in candidates]
        first_row = self._prompt_length + len(self._owners)
        owners = [*self._owners, *candidates]
        all_positions = [*self._positions, *positions]
        attention = ArenaAttention(
            self._cache.arena,
            self._tables,
            self._decoder.configuration,
            rows=torch.arange(first_row, first_row + len(candidates), device=device),
            positions=torch.tensor(positions, device=device),
            groups=[
                QueryGroup(
                    0,
                    len(candidates),
                    num_visible_rows=first_row + len(candidates),
                    visibility=lambda window: self._visibility(
                        candidates, positions, owners, all_positions, window
                    ),
                )
            ],
            before_write=_nothing_to_save,
        )
        hidden = self._decoder.forward(torch.tensor(tokens, device=device), attention, checkpoint)
        self._owners, self._positions = owners, all_positions
        for index in candidates:
            self._num_tokens[index] += 1
        return self._decoder.logits(hidden)

    def _visibility(
        self,
        candidates: Sequence[int],
        positions: Sequence[int],
        owners: Sequence[int],
        all_positions: Sequence[int],
        window: int | None,
    ) -> Tensor | None:
        """Return what each candidate sees: the prompt and its own rows, (S, R)."""
        if len(self._num_tokens) == 1 and window is None:
            return None
        device = self._decoder.device
        prompt = torch.arange(self._prompt_length, device=device)
        keys = torch.cat([prompt, torch.tensor(all_positions, device=device)])
        queries = torch.tensor(positions, device=device)
        is_visible = causal_visibility(queries, keys, window)
        owner = torch.tensor(owners, device=device)
        own = owner[None, :] == torch.tensor(candidates, device=device)[:, None]
        is_visible[:, self._prompt_length :] &= own
        return is_visible


def _nothing_to_save(layer: int) -> None:
    """Scratch rows hold nothing that an interruption would have to bring back."""
