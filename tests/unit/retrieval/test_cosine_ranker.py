"""A second stage of likeness alone, and what becomes of a search when its encoder fails."""

from collections.abc import Sequence

import numpy as np
import pytest

from retrieval.cosine_ranker import CosineRanker
from retrieval.errors import EncoderError
from retrieval.two_stage import TwoStageRetriever
from retrieval.types import Chunk, Place, Vectors

PLACE = Place("a.py", "east\n", 5)
DIRECTIONS = {
    "east": (1.0, 0.0),
    "north": (0.0, 1.0),
    "west": (-1.0, 0.0),
    "north-east": (0.6, 0.8),
}


class Compass:
    """Encodes the last word of a text as a direction."""

    identity = "compass"

    def __init__(self, *, is_lost: bool = False) -> None:
        self.is_lost = is_lost

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        if self.is_lost:
            raise EncoderError("The compass is lost.")
        return np.array([DIRECTIONS[text.split()[-1]] for text in texts], np.float32)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        return self.encode_queries([chunk.text for chunk in chunks])


class Everything:
    """Proposes all directions, north first."""

    def search(self, query: str, limit: int, *, without_path: str = "") -> tuple[Chunk, ...]:
        del query, limit, without_path
        words = ("north", "east", "west", "north-east")
        return tuple(Chunk(f"{word}.py", 0, word, 9.0 - at) for at, word in enumerate(words))

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        del name, limit, near
        return ()

    def replace(self, path: str, text: str) -> None: ...

    def remove(self, path: str) -> None: ...


def test_candidates_are_scored_by_their_cosine() -> None:
    candidates = Everything().search("", 9)
    ranking = CosineRanker(Compass(), stop_cosine=0.5).rank(PLACE, "east", candidates)
    assert ranking.scores.tolist() == pytest.approx([0.0, 1.0, -1.0, 0.6])
    assert ranking.stop_score == 0.5


async def test_what_is_less_alike_than_the_stop_is_left_out() -> None:
    retriever = TwoStageRetriever(Everything(), CosineRanker(Compass(), stop_cosine=0.5))
    found = await retriever.retrieve(PLACE)
    assert [chunk.text for chunk in found.chunks] == ["east", "north-east"]
    assert found.stop_rank == 2


async def test_without_vectors_the_order_of_the_first_stage_stands(
    caplog: pytest.LogCaptureFixture,
) -> None:
    retriever = TwoStageRetriever(Everything(), CosineRanker(Compass(is_lost=True)))
    found = await retriever.retrieve(PLACE)
    assert [chunk.text for chunk in found.chunks] == ["north", "east", "west", "north-east"]
    assert found.stop_score is None
    assert "The compass is lost." in caplog.text
