"""Which chunks are worth a place in the prompt, of those found and those edited of late.

A chunk's *gain* is how much it helps, compared with the best that was found for the same
place: 1 is as good as that, 0 is no better than nothing. Scores of different answers cannot
be compared, gains can.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from retrieval.secrets import reason_to_withhold
from retrieval.terms import terms_of
from retrieval.types import Chunk, Considered, Retrieval

LEAST_SHARED = 0.2
"""Share of the query's terms that a recently edited place has, if nothing else was found."""

LEAST_GAIN_OF_EDITS = 0.5
"""Recently edited places below this are noise: they were not found by what they say."""


class Origin(StrEnum):
    """Who proposed a chunk."""

    REPOSITORY = "repository"
    RECENT_EDIT = "recent-edit"


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was considered for the prompt.

    Attributes:
        chunk: Its score is the one it was ranked by.
        origin: Who proposed it.
        gain: From 0 to 1, see above.
        lexical_score: Of the first stage; None where that did not see it.
        encoder_score: Of the second stage; None where that did not see it.
        left_out: Why it is not in the prompt, a few words for people; empty if it is.
    """

    chunk: Chunk
    origin: Origin
    gain: float
    lexical_score: float | None = None
    encoder_score: float | None = None
    left_out: str = ""

    def is_of_same_text(self, other: "Passage") -> bool:
        """Tell whether both quote the same; the lines may have moved meanwhile."""
        return self.chunk.path == other.chunk.path and self.chunk.text == other.chunk.text


@dataclass(frozen=True, slots=True)
class Selection:
    """What was considered at one place, best first."""

    passages: tuple[Passage, ...] = ()

    @property
    def chosen(self) -> tuple[Passage, ...]:
        """What should be in the prompt, as far as there is room."""
        return tuple(passage for passage in self.passages if not passage.left_out)

    @property
    def left_out(self) -> tuple[Passage, ...]:
        """The rest, each with a reason."""
        return tuple(passage for passage in self.passages if passage.left_out)

    def present(self, passage: Passage) -> Passage:
        """Return what a passage of an earlier selection is here: worth nothing if not found."""
        same = (each for each in self.passages if each.is_of_same_text(passage))
        return max(same, key=lambda each: each.gain, default=replace(passage, gain=0.0))

    def gain_of(self, passage: Passage) -> float:
        """Return what a passage of an earlier selection is worth here."""
        return self.present(passage).gain


def select(retrieval: Retrieval, edited: Iterable[Chunk]) -> Selection:
    """Choose among what was found and the places edited of late.

    Args:
        retrieval: Its choice is kept, but for secrets.
        edited: Chunks around edits of other documents, the last one first.
    """
    found = list(_found(retrieval))
    proposed = [_withheld(passage) for passage in found]
    proposed += [_withheld(passage) for passage in _edited(retrieval.query, found, edited)]
    return Selection(tuple(sorted(proposed, key=lambda passage: -passage.gain)))


def _found(retrieval: Retrieval) -> Iterator[Passage]:
    considered = retrieval.considered or tuple(
        Considered(chunk, chunk.score) for chunk in retrieval.chunks
    )
    worth = _Scale(considered, retrieval.stop_score)
    for each in considered:
        gain = worth.gain(each.chunk.score)
        yield Passage(
            each.chunk,
            Origin.REPOSITORY,
            gain,
            each.lexical_score,
            each.encoder_score,
            each.left_out,
        )


class _Scale:
    """Turns scores of one answer into gains."""

    def __init__(self, considered: Sequence[Considered], stop_score: float | None) -> None:
        self._nothing = 0.0 if stop_score is None else stop_score
        self._best = max((each.chunk.score for each in considered), default=self._nothing)

    def gain(self, score: float) -> float:
        span = self._best - self._nothing
        return max(0.0, (score - self._nothing) / span) if span > 0 else 0.0


def _edited(query: str, found: Sequence[Passage], edited: Iterable[Chunk]) -> Iterator[Passage]:
    """Judge edited places by the share of the query's terms in them.

    As the best chunk of the repository was found by more than that, a place which shares as
    many terms with the query is taken to be as good.
    """
    terms = frozenset(terms_of(query))
    chosen = [passage for passage in found if not passage.left_out]
    as_good = max((_shared(terms, each.chunk) for each in chosen[:1]), default=0.0)
    for chunk in edited:
        shared = _shared(terms, chunk)
        gain = min(1.0, shared / max(as_good, LEAST_SHARED))
        passage = Passage(replace(chunk, score=shared), Origin.RECENT_EDIT, gain)
        if any(_overlap(chunk, each.chunk) for each in chosen):
            passage = replace(passage, left_out="its lines are there already")
        elif shared < LEAST_SHARED or gain < LEAST_GAIN_OF_EDITS:
            passage = replace(passage, left_out="it has too little to do with this place")
        yield passage


def _shared(terms: frozenset[str], chunk: Chunk) -> float:
    return len(terms.intersection(terms_of(chunk.text))) / len(terms) if terms else 0.0


def _overlap(one: Chunk, other: Chunk) -> bool:
    if one.path != other.path:
        return False
    one_stop = one.start_line + one.text.count("\n") + 1
    other_stop = other.start_line + other.text.count("\n") + 1
    return one.start_line < other_stop and other.start_line < one_stop


def _withheld(passage: Passage) -> Passage:
    if passage.left_out:
        return passage
    reason = reason_to_withhold(passage.chunk.path, passage.chunk.text)
    return replace(passage, left_out=reason)
