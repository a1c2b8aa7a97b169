"""What the author of a recording did: the text at any moment, and what was typed next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from completion.usage.edits import TextEdit
from evaluation.errors import CannotMeasureError
from evaluation.trace.recording import Patch, Recording, Transaction

_KEEP_EVERY = 500
"""Transactions between two texts that are kept, so that none has to be made from the start."""


@dataclass(frozen=True, slots=True)
class TypedState:
    """What stands where the cursor was, after one more transaction of typing there.

    Attributes:
        number: Of the transaction, from 1 on.
        at_s: When it was.
        text: All that was typed there, with what was corrected meanwhile.
        is_settled: Whether nothing was typed behind it: the author went elsewhere, or changed it.
    """

    number: int
    at_s: float
    text: str
    is_settled: bool


class Author:
    """Plays a recording.

    Args:
        recording: What is played.

    Raises:
        CannotMeasureError: If it does not fit its own text.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        _ = self._kept

    def text(self, number: int) -> str:
        """Return the text after the first `number` transactions."""
        nearest = number // _KEEP_EVERY
        text = self._kept[nearest]
        for transaction in self.recording.transactions[nearest * _KEEP_EVERY : number]:
            text = _played(text, transaction)
        return text

    def cursor(self, number: int) -> int:
        """Return where the last edit of a transaction ended; transactions count from 1."""
        patch = self.recording.transactions[number - 1].patches[-1]
        return patch.start + len(patch.inserted)

    def typed_after(self, number: int, within_s: float) -> Iterator[TypedState]:
        """Yield what was typed at the cursor after a transaction, until the author goes elsewhere.

        Args:
            number: Of the transaction.
            within_s: How long after the first state the last one may be.
        """
        start, before = self.cursor(number), TypedState(number, 0.0, "", is_settled=False)
        last_s = float("inf")
        transactions = self.recording.transactions[number:]
        for later, transaction in enumerate(transactions, number + 1):
            text = _typed(before.text, start, transaction)
            if text is None or transaction.at_s > last_s:
                break
            if before.number > number:
                yield replace(before, is_settled=not text.startswith(before.text))
            else:
                last_s = transaction.at_s + within_s
            before = TypedState(later, transaction.at_s, text, is_settled=True)
        if before.number > number:
            yield before

    def edits(self, text: str, number: int) -> Iterator[tuple[TextEdit, str]]:
        """Yield the edits of a transaction, each with the text before it; the first has `text`."""
        for patch in self.recording.transactions[number - 1].patches:
            stop = patch.start + patch.num_deleted
            yield TextEdit(patch.start, text[patch.start : stop], patch.inserted), text
            text = _patched(text, patch)

    @cached_property
    def _kept(self) -> list[str]:
        """Every so many transactions, the text before it."""
        kept, text = [], self.recording.start_text
        for index, transaction in enumerate(self.recording.transactions):
            if index % _KEEP_EVERY == 0:
                kept.append(text)
            text = _played(text, transaction)
        if text != self.recording.end_text:
            raise CannotMeasureError(
                f"after all transactions of {self.recording.name} the text is not the one that the"
                " recording ends with; it is damaged, so name another one"
            )
        return [*kept, text]


def _played(text: str, transaction: Transaction) -> str:
    for patch in transaction.patches:
        text = _patched(text, patch)
    return text


def _patched(text: str, patch: Patch) -> str:
    return text[: patch.start] + patch.inserted + text[patch.start + patch.num_deleted :]


def _typed(text: str, start: int, transaction: Transaction) -> str | None:
    """Return what stands at `start` after a transaction; None if it changed anything else."""
    for patch in transaction.patches:
        first, last = patch.start - start, patch.start - start + patch.num_deleted
        if first < 0 or last > len(text):
            return None
        text = text[:first] + patch.inserted + text[last:]
    return text
