"""Python, checked by basedpyright with the rules that its users have by default for errors."""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from evaluation.errors import CannotMeasureError
from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.checking.copies import check_copies
from evaluation.members.checking.tools import BASEDPYRIGHT, Command, run_checker
from evaluation.members.workspaces import Workspace

_UNKNOWN_NAME = re.compile(
    r'Attribute "\w+" is unknown|is unknown import symbol|is not a known attribute of module'
    r'|^No parameter named "|^"\w+" is not defined|^Import ".*" could not be resolved'
)


class Basedpyright:
    """See `Checker`.

    Args:
        command: What starts it.
    """

    name = f"basedpyright {BASEDPYRIGHT}"

    def __init__(self, command: Command) -> None:
        self._command = command

    def check(
        self, workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        """Check copies beside the files; see `Checker.check`."""
        return check_copies(workspace, drafts, folder, partial(self._run, workspace))

    def _run(
        self, workspace: Workspace, package: Path, paths: list[str]
    ) -> dict[str, list[Complaint]]:
        configuration = {"typeCheckingMode": "standard", "include": paths}
        (package / "pyrightconfig.json").write_text(json.dumps(configuration), encoding="utf-8")
        options = ("--project", package, "--pythonpath", str(workspace.interpreter), "--outputjson")
        return _read(run_checker((*self._command, *options), package.parent), package)


def _read(output: str, package: Path) -> dict[str, list[Complaint]]:
    """Return the errors by file, from what basedpyright prints as JSON."""
    try:
        diagnostics = json.loads(output)["generalDiagnostics"]
    except (ValueError, KeyError) as error:
        raise CannotMeasureError(
            f"basedpyright failed and said {output[:200]!r} where JSON was expected; remove its"
            " folder in Warmline's cache to have it installed anew"
        ) from error
    found: dict[str, list[Complaint]] = {}
    for each in diagnostics:
        if each["severity"] == "error":
            path = Path(each["file"]).resolve().relative_to(package.resolve()).as_posix()
            found.setdefault(path, []).append(_complaint(each))
    return found


def _complaint(diagnostic: dict[str, object]) -> Complaint:
    match diagnostic:
        case {
            "message": str(message),
            "range": {"start": {"line": int(line), "character": int(at)}},
        }:
            # Where a file begins, pyright reports what belongs to no line.
            return Complaint(line, at, message, _UNKNOWN_NAME.search(message) is not None)
    raise CannotMeasureError(f"basedpyright reported {diagnostic!r}, which has no place in a file")
