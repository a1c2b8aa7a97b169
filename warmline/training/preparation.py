"""From repositories to samples with their candidates, shared out evenly."""

from collections.abc import Iterator, Sequence

from retrieval.lexical import LexicalIndex
from retrieval.proposing import propose
from retrieval.query import query_of
from retrieval.training.pools import PooledSample, Purpose
from retrieval.training.rounds import Watcher
from retrieval.training.samples import draw_samples
from retrieval.training.types import Sample
from warmline.training.repositories import Origin, code_lines

POOL_CANDIDATES = 100
"""By the words of the query; definitions come on top, as when the retriever is used."""


def prepare(
    origins: Sequence[Origin], wanted: dict[Purpose, int], seed: int, watcher: Watcher
) -> list[PooledSample]:
    """Draw samples and search for their candidates.

    Each repository gives as many as the others, as far as it has them; what some lack is not made
    up for by others, so that none counts for much more than its share.

    Args:
        origins: The repositories.
        wanted: How many samples of each purpose.
        seed: Decides which.
        watcher: Hears which repository is read.
    """
    shares = {
        purpose: -(-number // max(1, sum(purpose in origin.sampled for origin in origins)))
        for purpose, number in wanted.items()
    }
    watcher.expect(len(origins))
    found: dict[Purpose, list[list[PooledSample]]] = {purpose: [] for purpose in wanted}
    for origin in origins:
        watcher.begin(f"reading {origin.source}")
        for purpose, samples in _of(origin, shares, seed).items():
            found[purpose].append(samples)
        watcher.finish()
    return [
        sample for purpose, number in wanted.items() for sample in _in_turn(found[purpose])[:number]
    ]


def _of(origin: Origin, shares: dict[Purpose, int], seed: int) -> dict[Purpose, list[PooledSample]]:
    drawn = {
        purpose: _draw(origin, paths, shares[purpose], seed)
        for purpose, paths in origin.sampled.items()
    }
    index = LexicalIndex()
    for path, text in origin.repository.texts.items():
        index.replace(path, text)
    return {
        purpose: list(_with_candidates(samples, purpose, index))
        for purpose, samples in drawn.items()
    }


def _draw(origin: Origin, paths: frozenset[str], num_samples: int, seed: int) -> tuple[Sample, ...]:
    """Draw from some files of a repository; which names other files define, all of them tell."""

    def lines_to_draw_from(path: str, text: str) -> Sequence[int]:
        return tuple(code_lines(path, text)) if path in paths else ()

    return draw_samples(origin.repository, num_samples, seed, lines_to_draw_from)


def _with_candidates(
    samples: Sequence[Sample], purpose: Purpose, index: LexicalIndex
) -> Iterator[PooledSample]:
    """Search at each place; one without any candidate teaches nothing and is left out."""
    for sample in samples:
        place = sample.place
        pool = propose(index, place, query_of(place), POOL_CANDIDATES)
        if pool:
            yield PooledSample(sample, purpose, pool)


def _in_turn(lists: Sequence[list[PooledSample]]) -> list[PooledSample]:
    """Take one of each list, then another of each, so that the first ones are a fair mixture."""
    longest = max(map(len, lists), default=0)
    return [each[turn] for turn in range(longest) for each in lists if turn < len(each)]
