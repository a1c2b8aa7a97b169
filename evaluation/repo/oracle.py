"""What could be gained: the candidates that make the truth likeliest, by the truth itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from retrieval.types import Chunk

ORACLE_CANDIDATES = 10
"""Each costs a prompt of its own."""

Chunks = tuple[Chunk, ...]

Loss = Callable[[Chunks], float]
"""Returns -log p of the truth with some chunks in the prompt, in nats."""


@dataclass(frozen=True, slots=True)
class Insight:
    """What the oracle found.

    Attributes:
        chunks: The best set of chunks it tried, best first; empty if nothing helps.
        loss: Of the truth with them; nats.
        losses: With each candidate alone, in the order of the candidates.
    """

    chunks: Chunks
    loss: float
    losses: tuple[float, ...]


def consult(candidates: Sequence[Chunk], loss: Loss, fit: Callable[[Chunks], Chunks]) -> Insight:
    """Try nothing, each candidate alone, and all that help in the order in which they help.

    So no other arm that shows one of the candidates alone, or nothing, can be better.

    Args:
        candidates: Of the pool.
        loss: Asks the model.
        fit: Takes as many chunks as a prompt has room for, best first.
    """
    nothing = loss(())
    losses = tuple(loss(fit((candidate,))) for candidate in candidates)
    by_loss = sorted(zip(losses, candidates, strict=True), key=lambda pair: pair[0])
    helping = fit(tuple(candidate for each, candidate in by_loss if each < nothing))
    tried: list[tuple[float, Chunks]] = [(nothing, ())]
    if helping:
        tried += [(by_loss[0][0], fit(helping[:1])), (loss(helping), helping)]
    best, chunks = min(tried, key=lambda pair: pair[0])
    return Insight(chunks, best, losses)


def candidates_of(orders: Sequence[Sequence[Chunk]], limit: int) -> Chunks:
    """Take the best of each order, then the second of each, and so on; each chunk once."""
    return tuple(islice(_unique(chain.from_iterable(zip_longest(*orders))), limit))


def _unique(chunks: Iterator[Chunk | None]) -> Iterator[Chunk]:
    seen: set[tuple[str, int]] = set()
    for chunk in chunks:
        if chunk is not None and (place := (chunk.path, chunk.start_line)) not in seen:
            seen.add(place)
            yield chunk
