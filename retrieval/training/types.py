"""What a ranker learns from, and who tells it how good its choices were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from retrieval.types import Chunk, Place


class SampleKind(StrEnum):
    """What the true line needs."""

    CROSSFILE = "crossfile"  # a name that another file defines
    LOCAL = "local"  # names that its own file has already
    LINE = "line"  # whatever it is


@dataclass(frozen=True, slots=True)
class Repository:
    """Files to learn from.

    Attributes:
        name: As prompts call it.
        texts: By path, relative and with forward slashes.
    """

    name: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """A place in a file, and what its author wrote there.

    Attributes:
        key: Names repository, file, line and side of the cursor.
        repository: The repository's name.
        kind: What the true line needs.
        place: The document without the truth.
        truth: What belongs at the cursor.
    """

    key: str
    repository: str
    kind: SampleKind
    place: Place
    truth: str


Context = Chunk | None
"""What stands in the prompt beside the document; None is the stop signal: nothing does."""


class RewardModel(Protocol):
    """Tells how well the truth is foreseen with one context in the prompt.

    Attributes:
        identity: Changes whenever a loss would; the key of whatever keeps losses.
    """

    identity: str

    def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
        """Return the weighted mean loss of the truth for each context alone, in nats.

        Each context is judged by itself: what else is asked in the same call changes nothing.
        """
        ...
