"""BM25 over documents that come and go.

    score(q, d) = sum over terms t of q:  idf(t) * f(t, d) * (k1 + 1)
                                         / (f(t, d) + k1 * (1 - b + b * |d| / average |d|))

The scores are those of rank-bm25's `BM25Okapi` with its defaults, its lower bound for terms that
most documents hold included. Whatever depends on all documents (idf, the average length) is
worked out at each question from counts that are kept exact, so that a document can be added or
taken away without a look at the others.
"""

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

SATURATION = 1.5  # k1: how fast a repeated term stops counting
LENGTH_WEIGHT = 0.75  # b: how much long documents are held back
COMMON_TERM_SHARE = 0.25  # epsilon: of the mean idf, for terms in more than half of all documents

_MIN_DEAD_SLOTS = 1_024
_ENTRY = struct.Struct("=II")

_Value = TypeVar("_Value", bound=np.generic)

Slots = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PostingsState:
    """Postings as plain data; arrays as their bytes, in this machine's order."""

    terms: list[str]  # by term id
    lists: list[bytes]  # by term id
    frequencies: bytes
    lengths: bytes
    is_alive: bytes
    dead_slots: list[int]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the score of a document depends on besides itself, for the terms of one query.

    Added up, those of several postings give their documents scores that can be compared.

    Attributes:
        num_documents: How many there are.
        total_length: Terms of all of them, each as often as it occurs.
        frequencies: How many documents hold a term, by term.
        num_terms: Different terms in all documents.
        mean_idf: Of those. That of a sum is weighted: nobody counts which terms two have in common.
    """

    num_documents: int
    total_length: int
    frequencies: Mapping[str, int]
    num_terms: int
    mean_idf: float

    def __add__(self, other: Self) -> "Statistics":
        num_terms = self.num_terms + other.num_terms
        sum_idf = self.num_terms * self.mean_idf + other.num_terms * other.mean_idf
        return Statistics(
            self.num_documents + other.num_documents,
            self.total_length + other.total_length,
            {term: count + other.frequencies[term] for term, count in self.frequencies.items()},
            num_terms,
            sum_idf / max(1, num_terms),
        )

    @property
    def mean_length(self) -> float:
        """How many terms a document has on average."""
        return self.total_length / self.num_documents if self.total_length else 1.0

    def idf(self, terms: Sequence[str]) -> Floats:
        """Return how rare terms are, with the lower bound for those that most documents hold."""
        frequencies = np.array([self.frequencies[term] for term in terms])
        idf: Floats = np.log(self.num_documents - frequencies + 0.5) - np.log(frequencies + 0.5)
        idf[idf < 0] = COMMON_TERM_SHARE * self.mean_idf
        return idf


class _IdfTable(NamedTuple):
    """How rare terms are.

    Attributes:
        by_frequency: The idf of a term by how many documents hold it, from none to all.
        num_terms: How many different ones there are.
        mean: Of their idf, before the lower bound.
    """

    by_frequency: Floats
    num_terms: int
    mean: float


class Postings:
    """Which document holds which term how often. Not thread-safe.

    A document has a slot. A slot that is given up stays in the lists of its terms, unseen, until
    more slots are dead than alive; then all lists are cleaned at once and slots are used again.
    """

    def __init__(self) -> None:
        self._term_ids: dict[str, int] = {}
        # By term id: slot, count, slot, count, ... in four bytes each. No array objects, which
        # the search for garbage would look at, a hundred thousand of them each time.
        self._lists: list[bytearray] = []
        self._frequencies = np.zeros(1_024, np.int64)  # by term id: documents that hold it
        self._lengths = np.zeros(1_024, np.int64)  # by slot: terms of the document
        self._is_alive = np.zeros(1_024, np.bool_)  # by slot
        self._num_slots = 0
        self._dead_slots: list[int] = []
        self._free_slots: list[int] = []
        self._total_length = 0
        self._known_idf: _IdfTable | None = None  # of the present documents, or not known

    def __len__(self) -> int:
        """Return the number of documents."""
        return self._num_slots - len(self._dead_slots) - len(self._free_slots)

    def document_frequency(self, term: str) -> int:
        """Return how many documents hold a term."""
        term_id = self._term_ids.get(term)
        return 0 if term_id is None else int(self._frequencies[term_id])

    def add(self, counts: Mapping[str, int]) -> int:
        """Take in a document, given how often it holds each of its terms, and return its slot."""
        slot = self._new_slot()
        term_ids = [self._term_id(term) for term in counts]
        for term_id, count in zip(term_ids, counts.values(), strict=True):
            self._lists[term_id] += _ENTRY.pack(slot, count)
        self._frequencies[term_ids] += 1
        self._lengths[slot] = length = sum(counts.values())
        self._is_alive[slot] = True
        self._total_length += length
        self._known_idf = None
        return slot

    def remove(self, slot: int, counts: Mapping[str, int]) -> None:
        """Forget a document, given the same counts with which it was added."""
        self._frequencies[[self._term_ids[term] for term in counts]] -= 1
        self._total_length -= int(self._lengths[slot])
        self._is_alive[slot] = False
        self._dead_slots.append(slot)
        self._known_idf = None
        if len(self._dead_slots) > max(_MIN_DEAD_SLOTS, len(self)):
            self._clean()

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """Return what the scores of a query's terms depend on, to be added to others."""
        frequencies = {term: self.document_frequency(term) for term in terms}
        if not len(self):
            return Statistics(0, 0, frequencies, num_terms=0, mean_idf=0.0)
        table = self._idf_table()
        return Statistics(len(self), self._total_length, frequencies, table.num_terms, table.mean)

    def score(self, terms: Sequence[str], among: Statistics | None = None) -> tuple[Slots, Floats]:
        """Compare all documents with a query.

        Args:
            terms: Of the query.
            among: Of these terms, where other documents count besides those here.

        Returns:
            The slots of all documents that hold at least one of the terms, ascending, and their
            scores. A term that occurs twice in the query counts twice.
        """
        counts = {
            term: count for term, count in Counter(terms).items() if self.document_frequency(term)
        }
        if not counts:
            return np.zeros(0, np.intp), np.zeros(0)
        term_ids = np.array([self._term_ids[term] for term in counts])
        lists = [np.frombuffer(self._lists[term_id], np.uint32) for term_id in term_ids]
        pairs = np.concatenate(lists).reshape(-1, 2)
        idf = self._idf(term_ids) if among is None else among.idf(tuple(counts))
        weights = idf * np.array([*counts.values()]) * (SATURATION + 1)
        weights = np.repeat(weights, [len(each) // 2 for each in lists])
        mean_length = among.mean_length if among else self._total_length / len(self)
        slots = pairs[:, 0].astype(np.intp)
        return self._summed(slots, pairs[:, 1].astype(float), weights, mean_length)

    def state(self) -> PostingsState:
        """Return everything that is known, to be kept."""
        return PostingsState(
            terms=list(self._term_ids),
            lists=[bytes(entries) for entries in self._lists],
            frequencies=self._frequencies[: len(self._lists)].tobytes(),
            lengths=self._lengths[: self._num_slots].tobytes(),
            is_alive=self._is_alive[: self._num_slots].tobytes(),
            dead_slots=list(self._dead_slots),
        )

    @classmethod
    def from_state(cls, state: PostingsState) -> Self:
        """Return postings as they were when their state was taken."""
        made = cls()
        made._term_ids = {term: term_id for term_id, term in enumerate(state.terms)}
        made._lists = [bytearray(entries) for entries in state.lists]
        made._frequencies = _grown(np.frombuffer(state.frequencies, np.int64))
        made._lengths = _grown(np.frombuffer(state.lengths, np.int64))
        made._is_alive = _grown(np.frombuffer(state.is_alive, np.bool_))
        made._num_slots = len(state.is_alive)
        made._total_length = int(made._lengths[made._is_alive].sum())
        made._dead_slots = list(state.dead_slots)
        unused = set(np.flatnonzero(~made._is_alive[: made._num_slots]).tolist())
        made._free_slots = sorted(unused.difference(made._dead_slots))
        return made

    def _summed(
        self, slots: Slots, counts: Floats, weights: Floats, mean_length: float
    ) -> tuple[Slots, Floats]:
        lengths = self._lengths[: self._num_slots]
        spans = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT / mean_length * lengths)
        shares = spans[slots]  # in place from here: memory is what this waits for
        shares += counts
        np.divide(counts, shares, out=shares)
        shares *= weights
        scores = np.asarray(np.bincount(slots, shares, minlength=self._num_slots), np.float64)
        is_met = np.zeros(self._num_slots, np.bool_)
        is_met[slots] = True
        met = np.flatnonzero(is_met & self._is_alive[: self._num_slots])
        return met, scores[met]

    def _idf(self, term_ids: NDArray[np.int64]) -> Floats:
        return self._idf_table().by_frequency[self._frequencies[term_ids]]

    def _idf_table(self) -> "_IdfTable":
        if self._known_idf is None:
            self._known_idf = self._new_idf_table()
        return self._known_idf

    def _new_idf_table(self) -> "_IdfTable":
        num_documents = len(self)
        frequencies = np.arange(num_documents + 1)
        table: Floats = np.log(num_documents - frequencies + 0.5) - np.log(frequencies + 0.5)
        held = self._frequencies[: len(self._lists)]
        num_terms = np.bincount(held[held > 0], minlength=num_documents + 1)
        mean = (table * num_terms).sum() / num_terms.sum()
        table[table < 0] = COMMON_TERM_SHARE * mean
        return _IdfTable(table, int(num_terms.sum()), float(mean))

    def _term_id(self, term: str) -> int:
        term_id = self._term_ids.setdefault(term, len(self._lists))
        if term_id == len(self._lists):
            self._lists.append(bytearray())
            self._frequencies = _with_room(self._frequencies, term_id)
        return term_id

    def _new_slot(self) -> int:
        if self._free_slots:
            return self._free_slots.pop()
        self._lengths = _with_room(self._lengths, self._num_slots)
        self._is_alive = _with_room(self._is_alive, self._num_slots)
        self._num_slots += 1
        return self._num_slots - 1

    def _clean(self) -> None:
        """Drop dead slots from all lists, and terms that no document holds any more."""
        old_ids, old_lists, old_frequencies = self._term_ids, self._lists, self._frequencies
        self._term_ids, self._lists = {}, []
        self._frequencies = np.zeros(1_024, np.int64)
        for term, old_id in old_ids.items():
            if old_frequencies[old_id]:
                term_id = self._term_id(term)
                self._frequencies[term_id] = old_frequencies[old_id]
                self._lists[term_id] += self._living(old_lists[old_id]).tobytes()
        self._free_slots += self._dead_slots
        self._dead_slots = []

    def _living(self, entries: bytearray) -> NDArray[np.uint32]:
        pairs = np.frombuffer(entries, np.uint32).reshape(-1, 2)
        living: NDArray[np.uint32] = pairs[self._is_alive[pairs[:, 0]]]
        return living


def _with_room(values: NDArray[_Value], index: int) -> NDArray[_Value]:
    """Return `values`, or a longer copy if `index` lies behind its end."""
    return values if index < len(values) else _grown(values)


def _grown(values: NDArray[_Value]) -> NDArray[_Value]:
    return np.concatenate((values, np.zeros(max(1_024, len(values)), values.dtype)))
