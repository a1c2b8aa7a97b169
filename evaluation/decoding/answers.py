"""What each of several caches says comes next, found for all of them in common passes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.cache.parts import CacheParts
from engine.tokens import TokenArray
from evaluation.decoding.lines import LineReader
from evaluation.decoding.together import Together
from evaluation.decoding.workbench import Held

MAX_LINE_TOKENS = 40
_ROWS_SCORED = 64  # each has as many scores as the vocabulary tokens


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is written.

    Attributes:
        num_lines: After which there is enough.
        max_tokens: After which it is broken off.
    """

    num_lines: int = 1
    max_tokens: int = MAX_LINE_TOKENS


NEXT_LINE = Extent()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cache says.

    Attributes:
        line: The greedy next line, or lines, without the last one's end.
        nll: Of the true tokens together, each after the true ones before it; nats.
        divergence: KL(reference || this) of the next token; nats.
    """

    line: str
    nll: float
    divergence: float


@dataclass(frozen=True, slots=True)
class _Forced:
    """The true line written behind each cache.

    Attributes:
        nll: (A,), nats.
        choices: (A, T + 1), the likeliest token at each place of the line, and behind it.
    """

    nll: Tensor
    choices: Tensor


@torch.inference_mode()
def ask(
    held: Sequence[Held],
    truth: TokenArray,
    parts: CacheParts,
    reader: LineReader,
    extent: Extent = NEXT_LINE,
) -> list[Answer]:
    """Ask all caches for what comes next, and how likely they think the truth.

    Args:
        held: The first one is the reference.
        truth: (T,), tokens of the true text, at least one.
        parts: Of the model.
        reader: Of its vocabulary.
        extent: How much they are to write.
    """
    together = Together(parts, [each.cache for each in held], max(len(truth), extent.max_tokens))
    first = torch.stack([each.logits for each in held])  # (A, V)
    line = torch.from_numpy(truth.astype("int64")).to(first.device)
    forced = _force(together, first, line, parts)
    writer = _Writer(together, parts, reader, extent)
    return [
        Answer(reader.text(tokens, extent.num_lines), nll, divergence)
        for tokens, nll, divergence in zip(
            writer.write(forced, line),
            forced.nll.tolist(),
            divergences(first).tolist(),
            strict=True,
        )
    ]


@torch.inference_mode()
def losses(held: Sequence[Held], truth: TokenArray, parts: CacheParts) -> list[float]:
    """Return how unlikely each cache thinks the truth, as `Answer.nll`; nothing is written.

    Args:
        held: Whom to ask.
        truth: (T,), at least one.
        parts: Of the model.
    """
    together = Together(parts, [each.cache for each in held], len(truth))
    first = torch.stack([each.logits for each in held])  # (A, V)
    line = torch.from_numpy(truth.astype("int64")).to(first.device)
    nll: list[float] = _force(together, first, line, parts).nll.tolist()
    return nll


def divergences(logits: Tensor) -> Tensor:
    """Return KL(first || each) of the distributions that (A, V) scores stand for; (A,), nats."""
    likely = torch.log_softmax(logits.float(), dim=-1)
    return (likely[0].exp() * (likely[0] - likely)).sum(-1).clamp_min(0.0)


def _force(together: Together, first: Tensor, line: Tensor, parts: CacheParts) -> _Forced:
    """Write the true line behind every cache in one pass."""
    num_caches = len(first)
    hidden = together.write(line.expand(num_caches, -1), offset=0)  # (A, T, hidden)
    targets = line.roll(-1).expand(num_caches, -1)  # behind the last token nothing is looked for
    losses, choices = _losses_and_choices(hidden.flatten(0, 1), targets.flatten(), parts)
    later = losses.view(num_caches, -1)[:, :-1].sum(1)
    return _Forced(
        nll=_losses(first, line[:1].expand(num_caches)) + later,
        choices=torch.cat([first.argmax(-1)[:, None], choices.view(num_caches, -1)], dim=1),
    )


def _losses_and_choices(
    hidden: Tensor, targets: Tensor, parts: CacheParts
) -> tuple[Tensor, Tensor]:
    """Score rows some at a time: (S, hidden) and (S,) give losses and likeliest tokens, (S,)."""
    losses, choices = [], []
    blocks = zip(torch.split(hidden, _ROWS_SCORED), torch.split(targets, _ROWS_SCORED), strict=True)
    for rows, wanted in blocks:
        scores = parts.decoder.logits(rows)
        losses.append(_losses(scores, wanted))
        choices.append(scores.argmax(-1))
    return torch.cat(losses), torch.cat(choices)


def _losses(scores: Tensor, targets: Tensor) -> Tensor:
    """Return -log p of the targets, in nats: (S, V) and (S,) give (S,)."""
    return scores.logsumexp(-1) - scores.gather(1, targets[:, None])[:, 0]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Lets caches write on, all in step."""

    together: Together
    parts: CacheParts
    reader: LineReader
    extent: Extent

    def write(self, forced: _Forced, truth: Tensor) -> list[list[int]]:
        """Return the likeliest tokens behind every cache, up to those that complete the extent.

        As far as all choose the true tokens, these stand there already. What is complete is
        written on with the others and cut afterwards: so every pass has the same size, and
        rounds alike for all.
        """
        start = _common_choices(forced.choices, truth)
        last = forced.choices[:, start]
        written = [*truth[:start].expand(len(last), -1).unbind(1), last]
        while not self._are_complete(written) and len(written) < self.extent.max_tokens:
            hidden = self.together.write(last[:, None], offset=len(written) - 1)
            last = self.parts.decoder.logits(hidden[:, 0]).argmax(-1)
            written.append(last)
        return [self._cut(tokens) for tokens in _by_cache(written)]

    def _are_complete(self, written: Sequence[Tensor]) -> bool:
        num_lines = self.extent.num_lines
        return all(self.reader.is_complete(tokens, num_lines) for tokens in _by_cache(written))

    def _cut(self, tokens: list[int]) -> list[int]:
        """Drop what comes behind the token that completes the extent."""
        num_lines, lengths = self.extent.num_lines, range(1, len(tokens))
        return next(
            (
                tokens[:each]
                for each in lengths
                if self.reader.is_complete(tokens[:each], num_lines)
            ),
            tokens,
        )


def _by_cache(written: Sequence[Tensor]) -> list[list[int]]:
    """Turn T tensors of (A,) tokens into A lists of T."""
    return [list(tokens) for tokens in torch.stack(list(written), dim=1).tolist()]


def _common_choices(choices: Tensor, line: Tensor) -> int:
    """Count leading places of the line at which every cache chooses the true token."""
    agrees = (choices[:, : len(line)] == line).all(0).int()
    return int(agrees.cumprod(0).sum())
