"""What each of several caches says comes next, found for all of them in common passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.cache.parts import CacheParts
from engine.tokens import TokenArray
from evaluation.fidelity.lines import LineReader
from evaluation.fidelity.together import Together
from evaluation.fidelity.workbench import Held

MAX_LINE_TOKENS = 40
_ROWS_SCORED = 64  # each has as many scores as the vocabulary tokens


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cache says.

    Attributes:
        line: The greedy next line, without its end.
        nll: Of the true line's tokens together, each after the true ones before it; nats.
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
    held: Sequence[Held], truth: TokenArray, parts: CacheParts, reader: LineReader
) -> list[Answer]:
    """Ask all caches for the next line, and how likely they think the true one.

    Args:
        held: The first one is the reference.
        truth: (T,), tokens of the true line, at least one.
        parts: Of the model.
        reader: Of its vocabulary.
    """
    together = Together(parts, [each.cache for each in held], max(len(truth), MAX_LINE_TOKENS))
    first = torch.stack([each.logits for each in held])  # (A, V)
    line = torch.from_numpy(truth.astype("int64")).to(first.device)
    forced = _force(together, first, line, parts)
    lines = _write_lines(together, forced, line, parts, reader)
    return [
        Answer(reader.text(tokens), nll, divergence)
        for tokens, nll, divergence in zip(
            lines, forced.nll.tolist(), divergences(first).tolist(), strict=True
        )
    ]


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


def _write_lines(
    together: Together, forced: _Forced, line: Tensor, parts: CacheParts, reader: LineReader
) -> list[list[int]]:
    """Let every cache write its likeliest line, all in step, until the last one is over.

    As far as all choose the true tokens, these stand there already. Lines that are over are
    written on with the others and cut afterwards: so every pass has the same size, and rounds
    alike for all.
    """
    start = _common_choices(forced.choices, line)
    last = forced.choices[:, start]
    written = [*line[:start].expand(len(last), -1).unbind(1), last]
    is_over = torch.tensor([reader.ends_with(token) for token in last.tolist()])
    while not is_over.all() and len(written) < MAX_LINE_TOKENS:
        hidden = together.write(last[:, None], offset=len(written) - 1)
        last = parts.decoder.logits(hidden[:, 0]).argmax(-1)
        written.append(last)
        is_over |= torch.tensor([reader.ends_with(token) for token in last.tolist()])
    return [list(_until_end(tokens, reader)) for tokens in torch.stack(written, dim=1).tolist()]


def _common_choices(choices: Tensor, line: Tensor) -> int:
    """Count leading places of the line at which every cache chooses the true token."""
    agrees = (choices[:, : len(line)] == line).all(0).int()
    return int(agrees.cumprod(0).sum())


def _until_end(tokens: Sequence[int], reader: LineReader) -> Iterator[int]:
    """Yield tokens up to the one that ends the line."""
    for token in tokens:
        yield token
        if reader.ends_with(token):
            return
