"""What compilers say of C, C++ and Java: in their own words, and here in one shape."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.errors import CannotMeasureError
from evaluation.members.checking import gcc, javac, tools
from evaluation.members.checking.checker import Checker, Complaint, Draft
from evaluation.members.checking.columns import name_column
from evaluation.members.checking.gcc import GnuCompiler
from evaluation.members.checking.javac import JavaCompiler
from evaluation.members.checking.tsc import JavaScriptCompiler
from evaluation.members.checking.verdicts import WrittenSite, judge
from evaluation.members.site import NameSite
from evaluation.members.workspaces import FLAGS_NAME, Workspace

HEADER = "struct shed { int door; };\n"
SHED = '#include "shed.h"\nint open(struct shed *s) {\n\treturn /* ä😀 */ s->door;\n}\n'
SPACE = "namespace barn { int size; }\nint size() {\n  return barn::size;\n}\n"
ROOM = "package house;\n\nclass Room {\n    int size;\n}\n"
ATTIC = """\
package house;

public class Attic {
    int size(Room room) {
        return room.size;
    }
}
"""


def _site(kind: str, path: str, text: str, name: str) -> NameSite:
    """Return the site of the last place where a name stands."""
    start = text.rindex(name)
    stop = text.index("\n", start)
    return NameSite(
        key=f"{kind}/{path}",
        kind=kind,
        package="made up 1.0",
        language=kind.partition("/")[0],
        path=path,
        before=text[:start],
        name=name,
        rest=text[start + len(name) : stop],
        after=text[stop:],
        other_files=0,
    )


def _workspace(folder: Path, language: str, files: dict[str, str]) -> Workspace:
    for path, text in files.items():
        (folder / "work" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "work" / path).write_text(text, encoding="utf-8")
    return Workspace("made up 1.0", language, folder / "work", None)


def _judged(site: NameSite, checker: Checker, workspace: Workspace) -> dict[str, float]:
    """Return how many unknown names each of some lines has at the site."""
    texts = {
        "the truth": site.truth,
        "a wrong name": f"wrong{site.rest}",
        "a wrong name in a broken line": "wrong + ;",
        "a wrong name later": f"{site.name} + elsewhere;",
    }
    (verdict,) = judge([WrittenSite(site, texts)], checker, workspace)
    assert verdict.is_judged
    assert {arm: figures["undefined"] for arm, figures in verdict.arms.items()} == {
        arm: float(arm != "the truth") for arm in texts
    }
    return {arm: figures["undefined_here"] for arm, figures in verdict.arms.items()}


HERE = {
    "the truth": 0.0,
    "a wrong name": 1.0,
    "a wrong name in a broken line": 1.0,
    "a wrong name later": 0.0,
}


@pytest.mark.parametrize(
    ("program", "kind", "path", "text"),
    [
        ("gcc", "c/member", "src/shed.c", SHED),
        ("g++", "cpp/member", "src/shed.cpp", SHED),
        ("g++", "cpp/scoped", "src/space.cpp", SPACE),
    ],
)
def test_a_real_gnu_compiler_knows_names(
    tmp_path: Path, program: str, kind: str, path: str, text: str
) -> None:
    """Where C's points at the arrow, C++'s at the name; and both count bytes."""
    command = tools.gnu_compiler(program)
    if command is None:
        pytest.skip(f"there is no GNU's {program} here")
    files = {path: text, "include/shed.h": HEADER, FLAGS_NAME: "-Iinclude\n"}
    workspace = _workspace(tmp_path, kind.partition("/")[0], files)
    name = "size" if "barn" in text else "door"
    assert _judged(_site(kind, path, text, name), GnuCompiler(command), workspace) == HERE


def test_a_real_java_compiler_knows_names(tmp_path: Path) -> None:
    """Drafts of one class are no duplicates of one another."""
    command = tools.java_compiler()
    if command is None:
        pytest.skip("there is no javac here")
    files = {"src/house/Attic.java": ATTIC, "src/house/Room.java": ROOM}
    workspace = _workspace(tmp_path, "java", files)
    site = _site("java/member", "src/house/Attic.java", ATTIC, "size")
    assert _judged(site, JavaCompiler(command), workspace) == HERE


@pytest.mark.parametrize(
    ("line", "offset", "column"),
    [("a->b", 1, 3), ("a->b", 3, 3), ("😀 a. b", 3, 6), ("  .b", 2, 3), ("a::b", 1, 3), ("", 4, 0)],
)
def test_a_name_begins_behind_the_sign_before_it(line: str, offset: int, column: int) -> None:
    assert name_column(line, offset) == column


def _says(output: str) -> tuple[str | Path, ...]:
    return (sys.executable, "-c", f"import sys; sys.stderr.write({output!r}); sys.exit(1)")


def _checked(checker: Checker, workspace: Workspace, folder: Path) -> list[list[Complaint]]:
    folder.mkdir()
    drafts = [Draft("src/shed.c", SHED), Draft("src/shed.c", "int x;\n")]
    return checker.check(workspace, drafts, folder)


GCC_OUTPUT = """\
In file included from src/draft_0_of_shed.c:1:
include/shed.h:1:8: error: 'old' undeclared
src/draft_0_of_shed.c: In function 'open':
src/draft_0_of_shed.c:3:23: error: 'struct shed' has no member named 'dor'; did you mean 'door'?
src/draft_0_of_shed.c:3:24: note: nothing
src/draft_1_of_shed.c:9:4: fatal error: none.h: No such file or directory
"""


def test_gcc_is_told_how_to_compile_and_heard_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of other files is not about the draft; a line may be beyond the end."""
    asked: list[Sequence[str | Path]] = []

    def run(command: Sequence[str | Path], folder: Path) -> str:
        asked.append(command)
        return tools.run_compiler(_says(GCC_OUTPUT), folder)

    monkeypatch.setattr(gcc, "version_of", lambda _command, _option: "1.2.3")
    monkeypatch.setattr(gcc, "run_compiler", run)
    checker = GnuCompiler(("/bin/gcc",))
    assert checker.name == "gcc 1.2.3"
    files = {"src/shed.c": SHED, "include/shed.h": HEADER, FLAGS_NAME: "-Iinclude\n"}
    first, second = _checked(checker, _workspace(tmp_path, "c", files), tmp_path / "check")
    assert [(each.line, each.column, each.is_unknown_name) for each in first] == [(2, 21, True)]
    assert [(each.line, each.column, each.is_unknown_name) for each in second] == [(8, 0, True)]
    assert asked[0][:2] == ("/bin/gcc", f"@{FLAGS_NAME}")
    assert asked[0][-2:] == ("src/draft_0_of_shed.c", "src/draft_1_of_shed.c")


def test_javac_is_given_the_folder_that_a_package_begins_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(command: Sequence[str | Path], _folder: Path) -> str:
        asked.append([str(word) for word in command])
        return ""

    monkeypatch.setattr(javac, "version_of", lambda _command, _option: "17")
    monkeypatch.setattr(javac, "run_compiler", run)
    workspace = _workspace(tmp_path, "java", {})
    drafts = [Draft("src/house/Attic.java", ATTIC), Draft("flat/Attic.java", ATTIC)]
    assert JavaCompiler(("javac",)).check(workspace, drafts, tmp_path) == [[], []]
    roots = [words[words.index("-sourcepath") + 1] for words in asked]
    assert roots == [str(workspace.folder / "src"), str(workspace.folder / "flat")]
    assert asked[0][-1] == str(tmp_path / "0" / "Attic.java")


def test_clang_under_the_name_of_gcc_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what clangd is made of, so it would find every name that the monitor lets through."""
    program = tmp_path / "gcc"
    monkeypatch.setattr(tools.shutil, "which", lambda _name: str(program))
    for said, is_gnu in (("Apple clang version 17.0", False), ("Free Software Foundation", True)):
        program.write_text(f"#!/bin/sh\necho '{said}'\n", encoding="utf-8")
        program.chmod(0o700)
        assert (tools.gnu_compiler("gcc") is not None) == is_gnu


def test_a_compiler_that_fails_in_silence_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasureError, match="failed with code 3"):
        tools.run_compiler((sys.executable, "-c", "raise SystemExit(3)"), tmp_path)
    if shutil.which("env"):
        assert "LC_ALL=C\n" in tools.run_compiler(("env",), tmp_path)


def test_javascript_is_checked_as_javascript() -> None:
    assert JavaScriptCompiler.options["checkJs"]
    assert not JavaScriptCompiler.options["strict"]
