"""What checkers say, in one shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.members.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class Draft:
    """A file of a package as it might be.

    Attributes:
        path: Of the file in the package.
        text: Of all of it.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error in a draft.

    Attributes:
        line: 0-based.
        column: Where it begins, 0-based, in UTF-16 code units.
        message: In the checker's words.
        is_unknown_name: Whether it says that a name does not exist.
    """

    line: int
    column: int
    message: str
    is_unknown_name: bool


class Checker(Protocol):
    """Checks files of a package, each as if the others were as they are."""

    @property
    def name(self) -> str:
        """What it is called, with its version."""
        ...

    def check(
        self, workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        """Return the complaints about each draft.

        Args:
            workspace: Of the package.
            drafts: Of its files; one file may have several.
            folder: Empty; the work is done there.

        Raises:
            CannotMeasureError: If the checker failed or took too long.
        """
        ...
