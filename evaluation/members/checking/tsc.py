"""TypeScript and JavaScript, checked by the last compiler that is itself written in JavaScript.

What monitors ask is version 7, which was written anew in Go.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from evaluation.errors import CannotMeasureError
from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.checking.copies import check_copies
from evaluation.members.checking.tools import TYPESCRIPT, Command, run_checker
from evaluation.members.workspaces import Workspace

_LINE = re.compile(r"^(?P<path>.+?)\((?P<line>\d+),(?P<column>\d+)\): error TS(?P<code>\d+): (.*)$")
_UNKNOWN_NAMES = frozenset(
    [
        *("2304", "2552"),  # cannot find name
        *("2305", "2614", "2724"),  # module has no such export
        *("2339", "2550", "2551", "2694"),  # no such property, or member of a namespace
        *("2307", "2792"),  # cannot find module
        *("2353", "2561"),  # object literal may only have known properties
    ]
)
_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": True,
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "allowImportingTsExtensions": True,
    "resolveJsonModule": True,
    "jsx": "preserve",
    "lib": ["esnext", "dom", "dom.iterable"],
}
"""Packages do not publish how they are compiled; these suit all that are bundled."""


_JAVASCRIPT_OPTIONS = _OPTIONS | {"allowJs": True, "checkJs": True, "strict": False}
"""Few who write JavaScript have its types checked, and fewer strictly."""


class TypeScriptCompiler:
    """See `Checker`.

    Args:
        command: What starts it.
    """

    name = f"TypeScript {TYPESCRIPT}"
    options = _OPTIONS

    def __init__(self, command: Command) -> None:
        self._command = command

    def check(
        self, workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        """Check copies beside the files; see `Checker.check`."""
        return check_copies(workspace, drafts, folder, self._run)

    def _run(self, package: Path, paths: list[str]) -> dict[str, list[Complaint]]:
        types = sorted(path.name for path in package.glob("node_modules/@types/node"))
        project = {"compilerOptions": {**self.options, "types": types}, "files": paths}
        (package / "tsconfig.json").write_text(json.dumps(project), encoding="utf-8")
        options = ("--project", package, "--pretty", "false")
        return _read(run_checker((*self._command, *options), package))


class JavaScriptCompiler(TypeScriptCompiler):
    """The same for JavaScript, whose types are in comments or follow from values."""

    name = f"TypeScript {TYPESCRIPT} (checkJs)"
    options = _JAVASCRIPT_OPTIONS


def _read(output: str) -> dict[str, list[Complaint]]:
    found: dict[str, list[Complaint]] = {}
    for line in output.splitlines():
        if line.startswith("error TS"):
            raise CannotMeasureError(
                f"the TypeScript compiler could not begin and said {line!r}; no file was checked"
            )
        if (match := _LINE.match(line)) is not None:
            row, column, code = int(match["line"]) - 1, int(match["column"]) - 1, match["code"]
            complaint = Complaint(row, column, match[5], code in _UNKNOWN_NAMES)
            found.setdefault(match["path"], []).append(complaint)
    return found
