"""What a type checker that no monitor uses says about what was written."""

import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.members.checking.checker import Checker, Complaint, Draft
from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace

_TRUTH, _NONSENSE = "truth", "nonsense"
_NO_NAME = "no_such_name_anywhere"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with what was written at one site.

    Attributes:
        key, kind: Of the site.
        seconds: That the check took, shared out evenly over those of the same run.
        is_judged: Whether the checker knows what may stand there: it accepts the true name, and
            no name that is nowhere.
        arms: Figures by metric, by arm.
    """

    key: str
    kind: str
    seconds: float
    is_judged: bool
    arms: Mapping[str, Mapping[str, float]]


def read_verdict(fields: Mapping[str, Any]) -> Verdict:
    """Read a line of a journal."""
    return Verdict(**fields)


@dataclass(frozen=True, slots=True)
class WrittenSite:
    """A site and the first line that each arm offered there."""

    site: NameSite
    texts: Mapping[str, str]

    def drafts(self) -> dict[str, str]:
        """Return the lines to be checked, from the cursor on, by what they stand for."""
        offered = {arm: text for arm, text in self.texts.items() if text.strip()}
        return {
            _TRUTH: self.site.truth,
            _NONSENSE: _NO_NAME + self.site.rest,
            **offered,
        }


def judge(written: Sequence[WrittenSite], checker: Checker, workspace: Workspace) -> list[Verdict]:
    """Check sites of one package together, each text that differs once.

    Raises:
        CannotMeasureError: If the checker failed or took too long.
    """
    started = time.perf_counter()
    drafts = {
        (each.site.key, text): Draft(each.site.path, each.site.before + text + each.site.after)
        for each in written
        for text in each.drafts().values()
    }
    with tempfile.TemporaryDirectory(prefix="warmline-check-") as folder:
        found = checker.check(workspace, list(drafts.values()), Path(folder))
    complaints = dict(zip(drafts, found, strict=True))
    seconds = round((time.perf_counter() - started) / max(1, len(written)), 3)
    return [_verdict(each, complaints, seconds) for each in written]


def _verdict(
    written: WrittenSite,
    complaints: Mapping[tuple[str, str], Sequence[Complaint]],
    seconds: float,
) -> Verdict:
    site = written.site
    by_draft = {name: complaints[site.key, text] for name, text in written.drafts().items()}
    comparison = _Comparison(site, by_draft[_TRUTH])
    is_judged = comparison.is_unknown(by_draft[_NONSENSE]) and not comparison.is_unknown(
        by_draft[_TRUTH]
    )
    return Verdict(
        key=site.key,
        kind=site.kind,
        seconds=seconds,
        is_judged=is_judged,
        arms={arm: comparison.figures(by_draft.get(arm)) for arm in written.texts},
    )


class _Comparison:
    """Holds complaints about a draft against those about what its author wrote."""

    def __init__(self, site: NameSite, truth: Sequence[Complaint]) -> None:
        self._line = site.before.count("\n")
        start_of_line = site.before.rfind("\n") + 1
        self._column = len(site.before[start_of_line:].encode("utf-16-le")) // 2
        self._truth = truth

    def figures(self, complaints: Sequence[Complaint] | None) -> dict[str, float]:
        """Count what is wrong; where nothing was offered, nothing is."""
        if complaints is None:
            return dict.fromkeys(("undefined", "undefined_here", "typecheck_worse", "errors"), 0.0)
        unknown = self._new([each for each in complaints if each.is_unknown_name])
        is_unknown_here = self.is_unknown(complaints) and not self.is_unknown(self._truth)
        return {
            "undefined": float(bool(unknown)),
            "undefined_here": float(is_unknown_here),
            "typecheck_worse": float(len(complaints) > len(self._truth)),
            "errors": float(len(self._new(complaints))),
        }

    def is_unknown(self, complaints: Sequence[Complaint]) -> bool:
        """Tell whether the name at the site is said not to exist."""
        return any(
            each.is_unknown_name and (each.line, each.column) == (self._line, self._column)
            for each in complaints
        )

    def _new(self, complaints: Sequence[Complaint]) -> list[str]:
        """Return what is said about the line, but for what is said about the true one too."""
        known = Counter(each.message for each in self._truth if each.line == self._line)
        found = Counter(each.message for each in complaints if each.line == self._line)
        return list((found - known).elements())
