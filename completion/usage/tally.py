"""What was counted: plain numbers, in one shape for files, for people and for Prometheus."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from completion.usage.histogram import Histogram


class Family(StrEnum):
    """What is counted; each counts several things by name."""

    ANSWERS = "answers"  # with text, by origin
    EMPTY_ANSWERS = "empty_answers"  # by reason
    SUGGESTIONS = "suggestions"  # by event
    CHARACTERS = "characters"  # of suggestions, by event
    RETENTION_PIECES = "retention_pieces"  # of taken text that were looked at, by time
    RETENTION_WHOLE = "retention_whole"  # those of them that were all there
    RETENTION_CHARACTERS = "retention_characters"  # of those that were looked at
    RETENTION_KEPT = "retention_kept"  # those of them that were still there
    TOKENS = "tokens"  # of prompts, by what became of them; and generated ones
    MONITORS = "monitors"  # by event


class Event(StrEnum):
    """What becomes of a suggestion."""

    OFFERED = "offered"  # it was in an answer
    SHOWN = "shown"
    TYPED_ALONG = "typed_along"  # at least one character of it
    ACCEPTED = "accepted"  # at least a part of it
    ACCEPTED_WHOLE = "accepted_whole"
    TAKEN_BACK = "taken_back"  # accepted, and gone soon after
    UNFOLLOWED = "unfollowed"  # accepted, and not to be followed up to the last look


class Stage(StrEnum):
    """What took time."""

    SYNC = "sync"  # from the request until the cache has the prompt
    FIRST_TOKEN = "first_token"  # noqa: S105 -- a time; from the request
    TOTAL = "total"  # a request that the model was asked for
    REUSED = "reused"  # one that it was not asked for
    ANALYSIS = "analysis"  # of the total, held back for monitors
    SEARCH = "search"  # of the total, waited for what helps in other files
    EDIT = "edit"  # an edit of the editor's, taken in; part of no request


@dataclass(slots=True)
class Tally:
    """All figures of one window, or of one measurement."""

    counts: dict[Family, Counter[str]] = field(default_factory=dict)
    latencies: dict[Stage, Histogram] = field(default_factory=dict)

    def add(self, family: Family, name: str, number: int = 1) -> None:
        """Count something."""
        self.counts.setdefault(family, Counter())[name] += number

    def time(self, stage: Stage, took_ms: float) -> None:
        """Count how long something took."""
        self.latencies.setdefault(stage, Histogram()).add(took_ms)

    def get(self, family: Family, name: str) -> int:
        """Return a count; 0 where nothing was counted."""
        return self.counts.get(family, Counter())[name]

    def total(self, family: Family) -> int:
        """Return the sum of a family."""
        return self.counts.get(family, Counter()).total()

    def to_json(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "counts": {str(family): dict(self.counts[family]) for family in sorted(self.counts)},
            "latencies": {str(each): self.latencies[each].to_json() for each in self.latencies},
        }

    @classmethod
    def from_json(cls, value: Any) -> "Tally":
        """Read what `to_json` returned.

        Raises:
            KeyError, TypeError, ValueError: If it is something else, also from another version.
        """
        return cls(
            {
                Family(family): Counter({str(name): int(number) for name, number in each.items()})
                for family, each in dict(value["counts"]).items()
            },
            {
                Stage(stage): Histogram.from_json(each)
                for stage, each in dict(value["latencies"]).items()
            },
        )
