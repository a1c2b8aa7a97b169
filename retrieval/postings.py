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
from typing import Self, TypeVar

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
        self._idf_by_frequency: Floats | None = None  # of the present documents, or not known

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
        self._idf_by_frequency = None
        return slot

    def remove(self, slot: int, counts: Mapping[str, int]) -> None:
        """Forget a document, given the same counts with which it was added."""
        self._frequencies[[self._term_ids[term] for term in counts]] -= 1
        self._total_length -= int(self._lengths[slot])
        self._is_alive[slot] = False
        self._dead_slots.append(slot)
        self._idf_by_frequency = None
        if len(self._dead_slots) > max(_MIN_DEAD_SLOTS, len(self)):
            self._clean()

    def score(self, terms: Sequence[str]) -> tuple[Slots, Floats]:
        """Compare all documents with a query.

        Returns:
            The slots of all documents that hold at least one of the terms, ascending, and their
            scores. A term that occurs twice in the query counts twice.
        """
        known = [
            (self._term_ids[term], count)
            for term, count in Counter(terms).items()
            if self.document_frequency(term)
        ]
        if not known:
            return np.zeros(0, np.intp), np.zeros(0)
        term_ids, counts = np.array(known).T
        lists = [np.frombuffer(self._lists[term_id], np.uint32) for term_id in term_ids]
        pairs = np.concatenate(lists).reshape(-1, 2)
        weights = np.repeat(self._idf(term_ids) * counts, [len(each) // 2 for each in lists])
        return self._summed(pairs[:, 0].astype(np.intp), pairs[:, 1].astype(float), weights)

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

    def _summed(self, slots: Slots, counts: Floats, weights: Floats) -> tuple[Slots, Floats]:
        lengths = self._lengths[: self._num_slots]
        mean_length = self._total_length / len(self)
        spans = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT / mean_length * lengths)
        shares = weights * counts * (SATURATION + 1) / (counts + spans[slots])
        scores = np.asarray(np.bincount(slots, shares, minlength=self._num_slots), np.float64)
        is_met = np.zeros(self._num_slots, np.bool_)
        is_met[slots] = True
        met = np.flatnonzero(is_met & self._is_alive[: self._num_slots])
        return met, scores[met]

    def _idf(self, term_ids: NDArray[np.int64]) -> Floats:
        if self._idf_by_frequency is None:
            self._idf_by_frequency = self._new_idf_table()
        return self._idf_by_frequency[self._frequencies[term_ids]]

    def _new_idf_table(self) -> Floats:
        """Return the idf of a term by how many documents hold it, from none to all."""
        num_documents = len(self)
        frequencies = np.arange(num_documents + 1)
        table: Floats = np.log(num_documents - frequencies + 0.5) - np.log(frequencies + 0.5)
        held = self._frequencies[: len(self._lists)]
        num_terms = np.bincount(held[held > 0], minlength=num_documents + 1)
        mean = (table * num_terms).sum() / num_terms.sum()
        table[table < 0] = COMMON_TERM_SHARE * mean
        return table

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
