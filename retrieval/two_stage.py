"""Both stages joined: what helps at a place, and why the rest was left out."""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TypeVar

from retrieval.errors import EncoderError
from retrieval.proposing import propose
from retrieval.query import query_of
from retrieval.types import Chunk, ChunkIndex, Considered, Place, Ranker, Ranking, Retrieval

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How much is looked at and handed on.

    Attributes:
        num_candidates: Chunks that share words with the query; the second stage looks at some
            more, see `retrieval.proposing`.
        num_chunks: Most chunks that are handed on.
        with_stop: Leave out what is no better than nothing.
        time_limit_s: For each stage. Without the first one there is no answer; without the
            second one the order of the first one stands.
    """

    num_candidates: int = 100
    num_chunks: int = 10
    with_stop: bool = True
    time_limit_s: float = 2.0


class TwoStageRetriever:
    """A `Retriever`: an index proposes, a ranker decides; each runs off the event loop.

    Args:
        index: The first stage.
        ranker: The second stage; without one, the order of the first stage is the answer.
        settings: How much is looked at.
    """

    def __init__(
        self,
        index: ChunkIndex,
        ranker: Ranker | None = None,
        settings: SearchSettings | None = None,
    ) -> None:
        self._index = index
        self._ranker = ranker
        self._settings = settings or SearchSettings()

    async def retrieve(self, place: Place) -> Retrieval:
        """Return the chunks that help, and what else was looked at.

        A stage that takes too long is not waited for: its work goes on to its end in a thread,
        and what it finds is of no use to this answer.
        """
        query = query_of(place)
        start = perf_counter()
        try:
            candidates = await self._propose(place, query)
        except TimeoutError:
            _log.warning("The index took more than %g s.", self._settings.time_limit_s)
            return Retrieval((), (), query, lexical_ms=_ms_since(start))
        lexical_ms, start = _ms_since(start), perf_counter()
        ranking = await self._rank(place, query, candidates)
        encoder_ms = 0.0 if self._ranker is None else _ms_since(start)
        considered = choose(candidates, ranking, self._settings)
        return Retrieval(
            chunks=tuple(each.chunk for each in considered if not each.left_out),
            considered=considered,
            query=query,
            stop_score=None if ranking is None else ranking.stop_score,
            lexical_ms=lexical_ms,
            encoder_ms=encoder_ms,
        )

    async def _propose(self, place: Place, query: str) -> tuple[Chunk, ...]:
        limit = self._settings.num_candidates
        if self._ranker is None:
            search = partial(self._index.search, query, limit, without_path=place.path)
            return await self._within_limit(search)
        return await self._within_limit(partial(propose, self._index, place, query, limit))

    async def _rank(self, place: Place, query: str, candidates: Sequence[Chunk]) -> Ranking | None:
        """Ask the second stage; None if there is none, it failed, or it has nothing or no time."""
        if self._ranker is None or not candidates:
            return None
        try:
            return await self._within_limit(partial(self._ranker.rank, place, query, candidates))
        except EncoderError as error:
            _log.warning("The order of the first stage stands: %s", error)
            return None
        except TimeoutError:
            _log.warning("Ranking took more than %g s.", self._settings.time_limit_s)
            return None

    async def _within_limit(self, work: Callable[[], T]) -> T:
        return await asyncio.wait_for(asyncio.to_thread(work), self._settings.time_limit_s)


def choose(
    candidates: Sequence[Chunk], ranking: Ranking | None, settings: SearchSettings
) -> tuple[Considered, ...]:
    """Put candidates in order and say of each that is not handed on why.

    Args:
        candidates: Of the first stage, best first.
        ranking: Of the second stage; None leaves the order of the first one.
        settings: How many to take, and whether "nothing" is a candidate.
    """
    scores = [chunk.score for chunk in candidates] if ranking is None else ranking.scores.tolist()
    least = ranking.stop_score if ranking is not None and settings.with_stop else -math.inf
    considered: list[Considered] = []
    taken: list[Chunk] = []
    for score, chunk in sorted(zip(scores, candidates, strict=True), key=lambda pair: -pair[0]):
        ranked = replace(chunk, score=score)
        reason = "no better than nothing" if score <= least else _repetition(ranked, taken)
        if not reason and len(taken) == settings.num_chunks:
            reason = f"more than {settings.num_chunks} chunks"
        if not reason:
            taken.append(ranked)
        encoder_score = None if ranking is None else score
        considered.append(Considered(ranked, chunk.score, encoder_score, reason))
    return tuple(considered)


def _repetition(chunk: Chunk, taken: Sequence[Chunk]) -> str:
    """Say what a chunk repeats of better ones; empty if nothing."""
    if any(chunk.text == each.text for each in taken):
        return "same text as a better chunk"
    if any(chunk.path == each.path and _overlap(chunk, each) for each in taken):
        return "overlaps a better chunk"
    return ""


def _overlap(one: Chunk, other: Chunk) -> bool:
    return one.start_line < _end_line(other) and other.start_line < _end_line(one)


def _end_line(chunk: Chunk) -> int:
    return chunk.start_line + chunk.text.count("\n") + 1


def _ms_since(start: float) -> float:
    return 1000 * (perf_counter() - start)
