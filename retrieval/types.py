"""What retrieval is asked, what it hands to whoever lays out a prompt, and its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(N, D), each of length one."""

Scores = NDArray[np.float32]
"""(N,), higher is better."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of another file that matters at the cursor."""

    path: str  # relative to the repository, with forward slashes
    start_line: int  # 0-based line of the first line of `text`
    text: str
    score: float  # higher is better; comparable within one answer only


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody writes.

    Attributes:
        path: The document, relative to the repository; it is never searched itself.
        text: The document as it is now, saved or not.
        offset: The cursor, in code points.
    """

    path: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate, and what each stage thought of it.

    Attributes:
        chunk: Its `score` is the one it was ranked by in the end.
        lexical_score: Of the first stage.
        encoder_score: Of the second one; None where that did not look at it.
        left_out: Why it was not handed on, a few words for people; empty if it was.
    """

    chunk: Chunk
    lexical_score: float
    encoder_score: float | None = None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The answer to one question.

    Attributes:
        chunks: What helps, best first; none is an answer.
        considered: All candidates of the second stage, best first, the chosen ones among them.
        query: The text that was searched with.
        stop_score: Of the candidate "nothing helps"; None without a second stage.
        lexical_ms: That the first stage took.
        encoder_ms: That the second stage took.
    """

    chunks: tuple[Chunk, ...]
    considered: tuple[Considered, ...]
    query: str
    stop_score: float | None = None
    lexical_ms: float = 0.0
    encoder_ms: float = 0.0

    @property
    def stop_rank(self) -> int | None:
        """How many candidates are better than nothing, or None without a second stage."""
        if self.stop_score is None:
            return None
        return sum(each.chunk.score > self.stop_score for each in self.considered)


class ChunkIndex(Protocol):
    """The first stage. Safe to use from several threads; what they change is seen by the next."""

    def search(self, query: str, limit: int, *, without_path: str = "") -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that share words with a text, best first."""
        ...

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that define a name, the nearest to a file first."""
        ...

    def replace(self, path: str, text: str) -> None:
        """Take in a file, or its new text."""
        ...

    def remove(self, path: str) -> None:
        """Forget a file; nothing if it is not known."""
        ...


class Encoder(Protocol):
    """Turns text into vectors whose products say how much one helps to write the other.

    Attributes:
        identity: Changes whenever vectors would; the key of whatever keeps them.
    """

    identity: str

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text before a cursor, the last lines of which matter most."""
        ...

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk."""
        ...


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the second stage thinks of some candidates.

    Attributes:
        scores: (K,), in the order of the candidates.
        stop_score: What a candidate must exceed to be better than nothing.
    """

    scores: Scores
    stop_score: float


class Ranker(Protocol):
    """The second stage. Pure, and safe to use from several threads."""

    def rank(self, place: Place, query: str, candidates: Sequence[Chunk]) -> Ranking:
        """Score candidates, each of which carries the score of the first stage."""
        ...


class Retriever(Protocol):
    """Finds what else in the repository matters at one place of one document."""

    async def retrieve(self, place: Place) -> Retrieval:
        """Return the chunks that help, and what else was looked at."""
        ...
