"""Java, checked by the compiler of a development kit; the language server has one of its own."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.checking.columns import name_column
from evaluation.members.checking.tools import Command, run_compiler, version_of
from evaluation.members.workspaces import Workspace

_OPTIONS = (
    *("-proc:none", "-implicit:none", "-nowarn", "-encoding", "UTF-8", "-Xmaxerrs", "1000"),
    "-XDshould-stop.ifError=FLOW",  # a mistake in the grammar hides no unknown name
)
_ERROR = re.compile(r"^(?P<path>.+?):(?P<line>\d+): error: (?P<said>.*)$")
_CARET = re.compile(r"^\s*\^$")
_UNKNOWN_NAME = re.compile(r"cannot find symbol|package \S+ does not exist|cannot access")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


class JavaCompiler:
    """See `Checker`.

    Args:
        command: What starts it.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self.name = f"javac {version_of(command, '-version')}"

    def check(
        self, workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        """Check drafts one by one: two of one class would be one class too many.

        See `Checker.check`.
        """
        return [
            list(self._check(workspace, draft, folder / str(number)))
            for number, draft in enumerate(drafts)
        ]

    def _check(self, workspace: Workspace, draft: Draft, folder: Path) -> Iterator[Complaint]:
        folder.mkdir()
        place = folder / PurePosixPath(draft.path).name
        place.write_text(draft.text, encoding="utf-8", newline="")
        root = workspace.folder / _source_root(draft)
        command = (*self._command, *_OPTIONS, "-sourcepath", root, "-d", folder, place)
        return _read(run_compiler(command, folder), place, draft.text.split("\n"))


def _source_root(draft: Draft) -> PurePosixPath:
    """Return the folder that a file's package is looked up in."""
    folder = PurePosixPath(draft.path).parent
    declared = _PACKAGE.search(draft.text)
    names = declared[1].split(".") if declared else []
    is_usual = names and list(folder.parts[-len(names) :]) == names
    return PurePosixPath(*folder.parts[: -len(names)]) if is_usual else folder


def _read(output: str, place: Path, lines: Sequence[str]) -> Iterator[Complaint]:
    """Yield the errors in a file; below each stands its line, and a caret where it is."""
    error: re.Match[str] | None = None
    for line in output.splitlines():
        if (begun := _ERROR.match(line)) is not None:
            error = begun
        elif error is not None and _CARET.match(line):
            if error["path"] == str(place):
                yield _complaint(error, len(line) - 1, lines)
            error = None


def _complaint(error: re.Match[str], offset: int, lines: Sequence[str]) -> Complaint:
    row = int(error["line"]) - 1
    line = lines[row] if row < len(lines) else ""
    is_unknown_name = _UNKNOWN_NAME.search(error["said"]) is not None
    return Complaint(row, name_column(line, offset), error["said"], is_unknown_name)
