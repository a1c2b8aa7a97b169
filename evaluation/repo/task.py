"""One place of one real file, and what its author wrote there."""

from dataclasses import dataclass

from evaluation.fidelity.case import FILL_IN, PREFIX
from retrieval.types import Place

LAYOUTS = (PREFIX, FILL_IN)

LINE, API, FUNCTION, CROSSFILE, LOCAL = "line", "api", "function", "crossfile", "local"
KINDS = (LINE, API, FUNCTION, CROSSFILE, LOCAL)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written, and the document around it.

    Attributes:
        key: Names the task; the same for the same package, layout and seed.
        kind: One of `KINDS`.
        package: Name and version of the package; tasks of one package are alike.
        language: As in `completion.languages`.
        layout: One of `LAYOUTS`.
        path: Of the document in the package.
        before: Everything before the cursor. It ends with a line end, or, where there is text
            after the cursor, with the indentation that editors put there.
        after: Everything after the cursor, from the end of the target on; empty without.
        target: What was written there, without the end of its last line.
        is_copied: Whether other files of the package have the target's first line too.
    """

    key: str
    kind: str
    package: str
    language: str
    layout: str
    path: str
    before: str
    after: str
    target: str
    is_copied: bool

    @property
    def num_lines(self) -> int:
        """How many lines are to be written."""
        return self.target.count("\n") + 1

    @property
    def place(self) -> Place:
        """The cursor in the document, which does not hold the target."""
        return Place(self.path, self.before + self.after, len(self.before))
