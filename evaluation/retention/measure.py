"""One pause: what would have been shown, accepted, and kept; counted as the server counts."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from completion.types import Candidate, Suggestion, Timings
from completion.usage.edits import TextEdit
from completion.usage.tally import Event, Family, Tally
from completion.usage.usage import LOOKS_S, SHOWN_AFTER_S, Usage
from evaluation.retention.agreement import RULES, Taken, taken_by_rule
from evaluation.retention.author import Author, TypedState
from evaluation.retention.cases import KIND, PauseCase

LONGEST_S = max(LOOKS_S.values())

AUTHOR = "author"
"""An arm beside the rules: what the author typed. No suggestion can be kept better than that."""

_NAME = "recorded"


class Writer(Protocol):
    """Suggests."""

    def suggest(self, text: str, offset: int) -> Suggestion:
        """Return what a user would be shown at `offset` of a text that is opened there."""
        ...


@dataclass(frozen=True, slots=True)
class PauseRecord:
    """What came of one pause.

    Attributes:
        key, kind: Of the case.
        package: The stretch of typing, by which pauses are alike.
        seconds: That it took.
        arms: By rule, and for the author's own text as if it had been suggested: `shown`,
            `accepted`, `taken_back` (0 or 1), `suggested` and `agreed` (characters), and for
            each look `looked@` and `kept@` (characters).
    """

    key: str
    kind: str
    package: str
    seconds: float
    arms: Mapping[str, Mapping[str, float]]


class RetentionMeter:
    """Measures pauses of one recording."""

    def __init__(self, author: Author, writer: Writer) -> None:
        self._author = author
        self._writer = writer

    def measure(self, case: PauseCase) -> PauseRecord:
        """Suggest, and follow what the author did instead.

        Raises:
            EvaluationError: If nothing can be suggested.
        """
        began_s = time.perf_counter()
        text, cursor = self._author.text(case.number), self._author.cursor(case.number)
        suggestion = self._writer.suggest(text, cursor)
        states = list(self._author.typed_after(case.number, LONGEST_S))
        taken = taken_by_rule(suggestion.text, states) if suggestion.text else {}
        own = _own(states)
        arms = {rule: self._figures(case, text, suggestion, taken.get(rule)) for rule in RULES}
        if own is not None:
            arms[AUTHOR] = self._figures(case, text, _suggested(own), own)
        took_s = time.perf_counter() - began_s
        return PauseRecord(case.key, KIND, str(case.stretch), took_s, arms)

    def _figures(
        self, case: PauseCase, text: str, suggestion: Suggestion, taken: Taken | None
    ) -> Mapping[str, float]:
        tally = self._follow(case, text, suggestion, taken)
        figures = {
            "shown": tally.get(Family.SUGGESTIONS, Event.SHOWN),
            "accepted": tally.get(Family.SUGGESTIONS, Event.ACCEPTED),
            "taken_back": tally.get(Family.SUGGESTIONS, Event.TAKEN_BACK),
            "suggested": len(suggestion.text),
            "agreed": tally.get(Family.CHARACTERS, Event.ACCEPTED),
        }
        for look in LOOKS_S:
            figures[f"looked@{look}"] = tally.get(Family.RETENTION_CHARACTERS, look)
            figures[f"kept@{look}"] = tally.get(Family.RETENTION_KEPT, look)
        return {name: float(value) for name, value in figures.items()}

    def _follow(
        self, case: PauseCase, text: str, suggestion: Suggestion, taken: Taken | None
    ) -> Tally:
        """Tell the server's own counting what would have happened, by the recording's clock.

        Accepted is what the author had typed by then, so from then on the text is the author's.
        """
        transactions = self._author.recording.transactions
        clock = _Clock(transactions[case.number - 1].at_s)
        usage, cursor = Usage(clock), self._author.cursor(case.number)
        accepted = taken.text[: taken.length] if taken else suggestion.text
        usage.answered(_NAME, cursor, _cut(suggestion, len(accepted)))
        clock.now_s += SHOWN_AFTER_S
        if taken is not None:
            clock.now_s = max(clock.now_s, taken.at_s)
            usage.partly_taken(accepted, len(accepted))
            usage.edited(_NAME, TextEdit(cursor, "", accepted), text)
            text = text[:cursor] + accepted + text[cursor:]
            rest = taken.text[taken.length :]
            usage.edited(_NAME, TextEdit(cursor + taken.length, "", rest), text)
            self._play_on(usage, clock, taken)
        return usage.look()

    def _play_on(self, usage: Usage, clock: "_Clock", taken: Taken) -> None:
        """Tell of all later edits up to the last look, or the end of the recording."""
        transactions = self._author.recording.transactions
        text, ends_s = self._author.text(taken.number), taken.at_s + LONGEST_S
        for number, transaction in enumerate(transactions[taken.number :], taken.number + 1):
            if transaction.at_s > ends_s:
                break
            clock.now_s = max(clock.now_s, transaction.at_s)
            for edit, before in self._author.edits(text, number):
                usage.edited(_NAME, edit, before)
                text = before[: edit.start] + edit.inserted + before[edit.old_stop :]
        clock.now_s = max(clock.now_s, min(ends_s + SHOWN_AFTER_S, transactions[-1].at_s))


def _own(states: Sequence[TypedState]) -> Taken | None:
    """Return all that the author typed, taken when the last of it was; None if that is blank."""
    last = states[-1]
    length = len(last.text.rstrip())
    return Taken(length, last.number, last.at_s, last.text) if length else None


def _suggested(taken: Taken) -> Suggestion:
    candidate = Candidate(taken.text[: taken.length], 0, 0.0)
    return Suggestion((candidate,), AUTHOR, Timings(0.0, 0.0, 0.0), None, 0)


def _cut(suggestion: Suggestion, length: int) -> Suggestion:
    """Return the part of a suggestion that is accepted, or all of it."""
    candidates = (replace(each, text=each.text[:length]) for each in suggestion.candidates[:1])
    return replace(suggestion, candidates=tuple(candidates))


@dataclass(slots=True)
class _Clock:
    """Stands where it is put."""

    now_s: float

    def __call__(self) -> float:
        return self.now_s


def read_record(line: dict[str, Any]) -> PauseRecord:
    """Make a record of a journal's line."""
    return PauseRecord(**line)
