"""Candidates written after a prompt, in scratch rows that the prompt never sees."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.cache.arena import Arena
from engine.cache.attention import ArenaAttention, QueryGroup, causal_visibility
from engine.cache.base import Proposal
from engine.cache.parts import CacheParts
from engine.errors import SupersededError
from engine.model.likeliest import likeliest
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
    A step writes its nodes behind them. The next one first moves together those that were
    kept, and writes over the others.
    """

    takes_drafts = True

    def __init__(
        self,
        cache: SyncedPrompt,
        parts: CacheParts,
        num_candidates: int,
    ) -> None:
        self._cache = cache
        self._parts = parts
        self._version: int | None = None  # set by first_logits
        self._prompt_length = len(cache.tokens)
        self._num_tokens = [0] * num_candidates
        self._owners: list[int] = []  # of each scratch row kept
        self._positions: list[int] = []  # likewise
        self._proposals: Sequence[Proposal] = ()  # of the last step
        self._kept: dict[int, Sequence[int]] = {}  # their nodes, by candidate

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        """Score the first token of every candidate, (V,)."""
        hidden = self._cache.last_hidden(checkpoint)
        self._version = self._cache.version
        return self._parts.short_decoder.logits(hidden)[0]

    def step(self, proposals: Sequence[Proposal], checkpoint: Checkpoint) -> Tensor:
        """Append nodes to the named candidates; return scores, (sum of nodes, V)."""
        if self._version != self._cache.version:
            raise SupersededError("The document changed while a suggestion was being written.")
        self._settle()
        device = self._parts.decoder.device
        positions = [position for proposal in proposals for position in self._places(proposal)]
        first_row = self._prompt_length + len(self._owners)
        stop_row = first_row + len(positions)
        attention = ArenaAttention(
            self._cache.arena,
            self._parts,
            rows=torch.arange(first_row, stop_row, device=device),
            positions=torch.tensor(positions, device=device),
            groups=[
                QueryGroup(
                    0,
                    len(positions),
                    num_visible_rows=stop_row,
                    visibility=partial(self._visibility, proposals, positions),
                )
            ],
        )
        tokens = torch.tensor([token for each in proposals for token in each.tokens], device=device)
        logits = self._logits(proposals, tokens, attention, checkpoint)
        self._proposals = proposals
        return logits

    def _logits(
        self,
        proposals: Sequence[Proposal],
        tokens: Tensor,
        attention: ArenaAttention,
        checkpoint: Checkpoint,
    ) -> Tensor:
        """Run the pass with packed weights, and again with full ones where it is close."""
        full, short = self._parts.decoder, self._parts.decoder_for(len(tokens))
        scorer = self._parts.scorer_for(len(tokens))
        logits = scorer.logits(short.forward(tokens, attention, checkpoint))
        if (
            self._parts.sure_margin
            and short is not full
            and _is_close(logits, proposals, self._parts.sure_margin)
        ):
            logits = scorer.logits(full.forward(tokens, attention, checkpoint))
        return logits

    def keep(self, candidate: int, path: Sequence[int]) -> None:
        """Keep a way from node 0 downwards of the candidate's last proposal."""
        self._kept[candidate] = path

    def _settle(self) -> None:
        """Move the kept rows of the last step together, behind those kept before."""
        first_row = row = self._prompt_length + len(self._owners)
        sources = []
        for proposal in self._proposals:
            path = self._kept.get(proposal.candidate, (0,))
            places = self._places(proposal)
            sources += [row + node for node in path]
            self._positions += [places[node] for node in path]
            self._owners += [proposal.candidate] * len(path)
            self._num_tokens[proposal.candidate] += len(path)
            row += len(proposal.tokens)
        if sources != list(range(first_row, first_row + len(sources))):
            self._cache.arena.move_scratch(first_row, sources)
        self._proposals = ()
        self._kept.clear()

    def _places(self, proposal: Proposal) -> list[int]:
        """Return the position of each node, which is its depth below the last token's."""
        places = [self._prompt_length + self._num_tokens[proposal.candidate]]
        for parent in proposal.parents[1:]:
            places.append(places[parent] + 1)
        return places

    def _visibility(
        self, proposals: Sequence[Proposal], positions: Sequence[int], window: int | None
    ) -> Tensor | None:
        """Return what each node sees: the prompt, its candidate's rows, the nodes above it.

        All of the prompt is visible without a window, so that only the rows behind it are
        looked at; and of one candidate's text all that it has kept.
        """
        if len(self._num_tokens) == 1 and window is None:
            return None if len(positions) == 1 else self._on_device(_ancestry(proposals))
        owners = [proposal.candidate for proposal in proposals for _ in proposal.tokens]
        is_own = np.equal.outer(owners, self._owners)
        is_visible = self._on_device(np.concatenate([is_own, _ancestry(proposals)], axis=1))
        if window is None:
            return is_visible
        prompt = torch.arange(self._prompt_length, device=is_visible.device)
        queries = torch.tensor(positions, device=is_visible.device)
        behind = torch.tensor([*self._positions, *positions], device=is_visible.device)
        in_window = causal_visibility(queries, torch.cat([prompt, behind]), window)
        in_window[:, self._prompt_length :] &= is_visible
        return in_window

    def _on_device(self, is_visible: NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(is_visible).to(self._parts.decoder.device)


def _is_close(logits: Tensor, proposals: Sequence[Proposal], margin: float) -> bool:
    """Tell whether two tokens are nearly as likely where the greedy text comes past."""
    (best, second), tokens = _two_best(logits)
    is_close = (best - second < margin).tolist()
    row = 0
    for proposal in proposals:
        node: int | None = 0
        while node is not None:
            if is_close[row + node]:
                return True
            node = proposal.child(node, tokens[row + node])
        row += len(proposal.tokens)
    return False


def _two_best(logits: Tensor) -> tuple[Tensor, list[int]]:
    """Return the two highest scores of each row, (2, S), and the ids of the highest."""
    tokens = likeliest(logits, 2)
    return logits.gather(1, tokens).T, tokens[:, 0].tolist()


def _ancestry(proposals: Sequence[Proposal]) -> NDArray[np.bool_]:
    """Return which new rows each node sees, (S, S): itself and the nodes above it."""
    num_nodes = sum(len(proposal.tokens) for proposal in proposals)
    is_above = np.eye(num_nodes, dtype=np.bool_)
    start = 0
    for proposal in proposals:
        for node, parent in enumerate(proposal.parents[1:], start=1):
            is_above[start + node] |= is_above[start + parent]
        start += len(proposal.tokens)
    return is_above
