"""What every kind begins with and ends with: a place in a file, and states of its text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.fidelity.case import FILL_IN, PREFIX, State
from evaluation.fidelity.cases.code_file import CodeFile, indentation_of
from evaluation.fidelity.cases.package_code import PackageCode

LEAST_SHARE = 0.75
"""How much of the wished prompt a file must fill for a case to count as one of that length."""
_SHARE_BEFORE = 2 / 3  # of the prompt, where there is text on both sides


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of code that is to be written next, and how long a prompt is wanted."""

    package: PackageCode
    file: CodeFile
    line: int
    prompt_tokens: int

    @property
    def target(self) -> str:
        """The line without its end."""
        return self.file.lines[self.line].rstrip("\n")

    def front(self) -> int | None:
        """Return the first line of a prompt that ends at the spot; None if it were too short."""
        if self.is_short(0):
            return None
        return self.file.first_line(self.line, self.prompt_tokens)

    def is_short(self, front: int) -> bool:
        """Tell whether a prompt from a line to the spot is not about as long as wanted."""
        return self.file.num_tokens(front, self.line) < LEAST_SHARE * self.prompt_tokens

    def window(self) -> range | None:
        """Return the lines of a prompt around the spot; None if it were too short.

        What one side has not is given to the other.
        """
        after = self.file.num_tokens(self.line + 1, len(self.file.lines))
        if self.file.num_tokens(0, self.line) + after < LEAST_SHARE * self.prompt_tokens:
            return None
        wished = max(round(_SHARE_BEFORE * self.prompt_tokens), self.prompt_tokens - after)
        front = self.file.first_line(self.line, wished)
        left = self.prompt_tokens - self.file.num_tokens(front, self.line)
        return range(front, self.file.last_line(self.line + 1, left))


@dataclass(frozen=True, slots=True)
class Draft:
    """The part of a case that its kind decides."""

    layout: str
    states: tuple[State, ...]
    target: str
    are_chunks_met: bool = False


def prefix_draft(first: Iterable[str], last: Iterable[str], target: str) -> Draft:
    """Return a draft of one edit in the text before the cursor, from its lines."""
    texts = ("".join(first), "".join(last))
    return Draft(PREFIX, tuple(State(text, len(text)) for text in texts), target)


def fill_in_draft(states: Iterable[State], target_line: str) -> Draft:
    """Return a draft with text on both sides; the target's indentation stands already."""
    return Draft(
        FILL_IN, tuple(states), target_line.rstrip("\n")[len(indentation_of(target_line)) :]
    )


def without(lines: Sequence[str], *gaps: range) -> list[str]:
    """Return lines without those of the gaps, which are ranges of their indices."""
    return [line for index, line in enumerate(lines) if not any(index in gap for gap in gaps)]
