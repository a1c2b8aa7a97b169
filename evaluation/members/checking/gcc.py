"""C and C++, checked by GNU's compilers, which share no code with clangd."""

import re
from collections.abc import Sequence
from pathlib import Path

from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.checking.columns import name_column
from evaluation.members.checking.copies import check_copies
from evaluation.members.checking.tools import Command, run_compiler, version_of
from evaluation.members.workspaces import FLAGS_NAME, Workspace

_OPTIONS = (
    "-fsyntax-only",
    "-w",
    "-Werror=implicit-function-declaration",  # a mistake since C99, and a mere warning up to GCC 13
    "-fno-diagnostics-show-caret",
    "-fdiagnostics-color=never",
    "-fdiagnostics-column-unit=byte",
)
_LINE = re.compile(r"^(?P<path>.+?):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<said>.*)$")
_UNKNOWN_NAME = re.compile(
    r"has no member named|is not a member of|undeclared|was not declared|has not been declared"
    r"|does not name a type|unknown type name|implicit declaration|No such file or directory"
)


class GnuCompiler:
    """See `Checker`. Code of a template is looked at only as far as its types are known.

    Args:
        command: What starts it.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self.name = f"{Path(command[0]).name} {version_of(command, '-dumpfullversion')}"

    def check(
        self, workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        """Check copies beside the files; see `Checker.check`."""
        return check_copies(workspace, drafts, folder, self._run)

    def _run(self, package: Path, paths: list[str]) -> dict[str, list[Complaint]]:
        command = (*self._command, f"@{FLAGS_NAME}", *_OPTIONS, *paths)
        found: dict[str, list[Complaint]] = {path: [] for path in paths}
        lines = {path: (package / path).read_text("utf-8").split("\n") for path in paths}
        for line in run_compiler(command, package).splitlines():
            match = _LINE.match(line)
            if match is not None and match["path"] in found:
                path = match["path"]
                found[path].append(_complaint(match, lines[path]))
        return found


def _complaint(match: re.Match[str], lines: Sequence[str]) -> Complaint:
    row = int(match["line"]) - 1
    line = lines[row] if row < len(lines) else ""
    offset = len(line.encode()[: int(match["column"]) - 1].decode("utf-8", errors="replace"))
    is_unknown_name = _UNKNOWN_NAME.search(match["said"]) is not None
    return Complaint(row, name_column(line, offset), match["said"], is_unknown_name)
