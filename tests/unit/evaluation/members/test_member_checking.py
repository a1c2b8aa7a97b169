"""What type checkers say, and what becomes of it."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.bench.audience import SilentAudience
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError
from evaluation.journal import Journal
from evaluation.members.checking import tools
from evaluation.members.checking.basedpyright import Basedpyright
from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.checking.judging import Court
from evaluation.members.checking.tsc import TypeScriptCompiler
from evaluation.members.checking.verdicts import WrittenSite, judge, read_verdict
from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace
from tests.unit.evaluation.members.little_packages import SHOP, one_site

WIDE = " \N{MATHEMATICAL BOLD ITALIC SMALL B}ooks = "
Complain = Callable[[Draft], list[Complaint]]


class RuleChecker:
    """Knows which words are wrong."""

    name = "rules 1.0"

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self.checked: list[Draft] = []

    def check(
        self, _workspace: Workspace, drafts: Sequence[Draft], folder: Path
    ) -> list[list[Complaint]]:
        assert not list(folder.iterdir())
        self.checked += drafts
        return [self._complain(draft) for draft in drafts]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    place = tmp_path / "work" / "shop" / "front.py"
    place.parent.mkdir(parents=True)
    place.write_text(SHOP, encoding="utf-8")
    (tmp_path / "work" / "node_modules" / "@types" / "node").mkdir(parents=True)
    return Workspace("shop 2.0", "python", tmp_path / "work", tmp_path / "python")


def _complain(draft: Draft) -> list[Complaint]:
    """Know only `books`; dislike `!` wherever it is, and line 0 always."""
    line = next(i for i, each in enumerate(draft.text.split("\n")) if " books = " in each)
    text = draft.text.split("\n")[line]
    column = text.index("self.") + len("self.")
    found = [Complaint(0, 0, "old", is_unknown_name=False)]
    if not text[column:].startswith(("books", "boxes")):
        found.append(Complaint(line, column, "unknown name", is_unknown_name=True))
    if "!" in text:
        found.append(Complaint(line, text.index("!"), "bad sign", is_unknown_name=False))
    if ".wrong" in text:
        found.append(Complaint(line, text.index("wrong"), "no wrong", is_unknown_name=True))
    return found


@pytest.mark.parametrize(
    ("text", "undefined", "undefined_here", "worse", "errors"),
    [
        ("books", 0, 0, 0, 0),
        ("boxes!", 0, 0, 1, 1),
        ("shelf", 1, 1, 1, 1),
        ("books.wrong", 1, 0, 1, 1),
        ("", 0, 0, 0, 0),
    ],
)
def test_what_was_written_is_held_against_the_truth(
    workspace: Workspace,
    text: str,
    *,
    undefined: float,
    undefined_here: float,
    worse: float,
    errors: float,
) -> None:
    """Complaints that the true line has too are nobody's fault; nothing offered harms nothing."""
    written = WrittenSite(one_site(), {"off": text, "on": "books"})
    (verdict,) = judge([written], RuleChecker(_complain), workspace)
    assert verdict.is_judged
    assert verdict.arms["off"] == {
        "undefined": undefined,
        "undefined_here": undefined_here,
        "typecheck_worse": worse,
        "errors": errors,
    }
    assert not any(verdict.arms["on"].values())


@pytest.mark.parametrize(
    "complain",
    [
        lambda _draft: [],  # everything may stand there
        lambda draft: [*_complain(draft), *_unknown_everywhere(draft)],
    ],
)
def test_a_checker_that_does_not_know_the_names_cannot_judge(
    workspace: Workspace, complain: Complain
) -> None:
    (verdict,) = judge([WrittenSite(one_site(), {})], RuleChecker(complain), workspace)
    assert not verdict.is_judged


def _unknown_everywhere(draft: Draft) -> list[Complaint]:
    lines = draft.text.split("\n")
    line = next(i for i, each in enumerate(lines) if " books = " in each)
    return [Complaint(line, lines[line].index("self.") + 5, "unknown", is_unknown_name=True)]


def test_equal_texts_are_checked_once(workspace: Workspace) -> None:
    checker = RuleChecker(_complain)
    judge([WrittenSite(one_site(), {"off": "books", "on": "books"})], checker, workspace)
    assert len(checker.checked) == 2  # what its author wrote, and what is nowhere
    assert checker.checked[0].text == SHOP.removesuffix("\n") + "\n"


def test_columns_are_counted_as_checkers_count_them(workspace: Workspace) -> None:
    """In UTF-16, where a sign beyond the basic plane has two units."""
    site = one_site()
    wide = replace(site, before=site.before.replace(" books = ", WIDE))

    def complain(draft: Draft) -> list[Complaint]:
        line = next(i for i, each in enumerate(draft.text.split("\n")) if WIDE in each)
        text = draft.text.split("\n")[line]
        column = len(text[: text.index("self.") + 5].encode("utf-16-le")) // 2
        is_known = "self.books" in text
        return [] if is_known else [Complaint(line, column, "unknown", is_unknown_name=True)]

    (verdict,) = judge([WrittenSite(wide, {"on": "shelf"})], RuleChecker(complain), workspace)
    assert verdict.is_judged
    assert verdict.arms["on"]["undefined_here"]


def _fake_program(tmp_path: Path, output: str) -> tuple[str | Path, ...]:
    """Return a command that keeps what it was asked and prints `output`."""
    (tmp_path / "output").write_text(output, encoding="utf-8")
    code = f"import pathlib; print(pathlib.Path({str(tmp_path / 'output')!r}).read_text())"
    return (sys.executable, "-c", code)


def _drafts(text: str = "x = 1\n") -> list[Draft]:
    return [Draft("shop/front.py", text), Draft("shop/front.py", "y = 2\n")]


def test_basedpyright_reports_errors_of_each_draft(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "check"
    folder.mkdir()
    place = str(folder / "package" / "shop" / "draft_1_of_front.py")
    output = {
        "generalDiagnostics": [
            _diagnostic(
                place, 'Cannot access attribute "a" for class "B"\n  Attribute "a" is unknown'
            ),
            _diagnostic(place, 'Type "A" is not assignable to attribute "b" of class "C"'),
            _diagnostic(place, "unused", severity="warning"),
            _diagnostic(str(folder / "package" / "shop" / "front.py"), "someone else's"),
        ]
    }
    checker = Basedpyright(_fake_program(tmp_path, json.dumps(output)))
    first, second = checker.check(workspace, _drafts(), folder)
    assert first == []
    assert [(each.line, each.column, each.is_unknown_name) for each in second] == [
        (3, 7, True),
        (3, 7, False),
    ]
    assert (folder / "package" / "shop" / "draft_1_of_front.py").read_text("utf-8") == "y = 2\n"
    assert (workspace.folder / "shop" / "front.py").read_text("utf-8") == SHOP
    assert len(list((workspace.folder / "shop").iterdir())) == 1


def _diagnostic(file: str, message: str, severity: str = "error") -> dict[str, object]:
    place = {"start": {"line": 3, "character": 7}, "end": {"line": 3, "character": 8}}
    return {"file": file, "severity": severity, "message": message, "range": place}


@pytest.mark.parametrize("output", ["Segmentation fault", "{}"])
def test_a_broken_basedpyright_is_an_error(
    workspace: Workspace, tmp_path: Path, output: str
) -> None:
    (tmp_path / "check").mkdir()
    checker = Basedpyright(_fake_program(tmp_path, output))
    with pytest.raises(CannotMeasureError, match="basedpyright failed"):
        checker.check(workspace, _drafts(), tmp_path / "check")


TSC_OUTPUT = """\
shop/draft_0_of_front.py(4,8): error TS2339: Property 'a' does not exist on type 'B'.
shop/draft_0_of_front.py(5,1): error TS2322: Type 'A' is not assignable to type 'B'.
  The types of 'a' are incompatible.
shop/front.py(1,1): error TS2304: Cannot find name 'x'.
"""


def test_tsc_reports_errors_of_each_draft(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "check"
    folder.mkdir()
    checker = TypeScriptCompiler(_fake_program(tmp_path, TSC_OUTPUT))
    first, second = checker.check(workspace, _drafts(), folder)
    assert [(each.line, each.column, each.is_unknown_name) for each in first] == [
        (3, 7, True),
        (4, 0, False),
    ]
    assert second == []
    project = json.loads((folder / "package" / "tsconfig.json").read_text("utf-8"))
    assert project["compilerOptions"]["types"] == ["node"]
    assert project["files"][1] == "shop/draft_1_of_front.py"


def test_a_compiler_that_checks_no_file_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "check").mkdir()
    output = "error TS6053: File 'shop/draft_0_of_front.py' not found."
    checker = TypeScriptCompiler(_fake_program(tmp_path, output))
    with pytest.raises(CannotMeasureError, match="TS6053"):
        checker.check(workspace, _drafts(), tmp_path / "check")


def test_a_checker_that_fails_is_not_one_without_complaints(tmp_path: Path) -> None:
    """Found when npm had left out the part of the compiler that is made for each machine."""
    with pytest.raises(CannotMeasureError, match="failed with code 1 and said 'no binary'"):
        tools.run_checker((sys.executable, "-c", "raise SystemExit('no binary')"), tmp_path)
    found_errors = (sys.executable, "-c", "print('error'); raise SystemExit(2)")
    assert tools.run_checker(found_errors, tmp_path) == "error\n"


def test_a_checker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_TIMEOUT_S", 0.2)
    wait_for_ever = "import threading; threading.Event().wait()"
    with pytest.raises(CannotMeasureError, match="not done after"):
        tools.run_checker((sys.executable, "-c", wait_for_ever), tmp_path)
    with pytest.raises(CannotMeasureError, match="could not be started"):
        tools.run_checker((tmp_path / "missing",), tmp_path)


def _journal() -> "Journal":
    return Journal(None, {}, read_verdict)


def test_what_was_judged_is_not_judged_again(workspace: Workspace) -> None:
    """And a checker that fails costs a sentence, not the run."""
    court = Court({"python": RuleChecker(_complain)}, {"shop 2.0": workspace})
    journal, written = _journal(), [WrittenSite(one_site(), {"on": "books"})]
    outcome = court.judge_all(written, journal, Deadline(None), SilentAudience())
    assert (outcome.num_left, len(journal.records)) == (0, 1)

    def fail(_draft: Draft) -> list[Complaint]:
        raise CannotMeasureError("it failed")

    failing = Court({"python": RuleChecker(fail)}, {"shop 2.0": workspace})
    again = failing.judge_all(written, journal, Deadline(None), SilentAudience())
    assert not again.complaints
    anew = failing.judge_all(written, _journal(), Deadline(None), SilentAudience())
    assert anew.complaints == ["it failed"]
    late = failing.judge_all(written, _journal(), Deadline(-1.0), SilentAudience())
    assert (late.num_left, late.complaints) == (1, [])


def test_site_of_the_double_is_what_these_tests_take_it_for() -> None:
    site: NameSite = one_site()
    assert site.before.endswith("books = self.")
