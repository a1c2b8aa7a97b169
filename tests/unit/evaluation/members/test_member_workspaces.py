"""Installing what packages need: what is asked for and kept, and what is said when it fails."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.weights.progress import ProgressReport, ignore_progress
from evaluation.corpus.catalogue import ArchiveKind, analysed_packages, corpus_packages
from evaluation.corpus.environments import interpreter_of, site_packages_of
from evaluation.corpus.errors import CorpusError
from evaluation.members import programs, requirements, workspaces
from evaluation.members.requirements import build_of, identity_of, requirements_of
from evaluation.members.workspaces import FLAGS_NAME, workspace_of
from tests.unit.evaluation.made_up_packages import made_up_entry

RECORD = "shop/front.py,,\nshop/__init__.py,,\n../../bin/shop,,\nmade_up-2.0.dist-info/RECORD,,\n"
Install = Callable[[Sequence[str], Path], int]


def _python_install(command: Sequence[str], _folder: Path) -> int:
    """Do what pip would."""
    assert command[1:4] != ["-m", "pip", "download"]
    if "venv" in command:
        site_packages_of(Path(command[-1])).mkdir(parents=True)
        return 0
    assert {"--no-deps", ":all:", "--no-compile"} <= set(command)
    assert list(command[-2:]) == ["made-up==2.0", "helper==1.0"]
    site = site_packages_of(Path(command[command.index("--python") + 1]).parents[1])
    for path in ("shop/front.py", "shop/__init__.py", "helper.py", "run_me.pth"):
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text("", encoding="utf-8")
    (site / "made_up-2.0.dist-info").mkdir()
    (site / "made_up-2.0.dist-info" / "RECORD").write_text(RECORD, encoding="utf-8")
    return 0


def _npm_install(command: Sequence[str], folder: Path) -> int:
    """Do what npm would; the package has a dependency of its own, in another version."""
    assert "--ignore-scripts" in command
    assert list(command[-2:]) == ["@made/up@2.0", "helper@1.0"]
    assert json.loads((folder / "package.json").read_text("utf-8")) == {"private": True}
    for path in ("@made/up/src", "@made/up/node_modules/own", "@made/other", "own", "helper"):
        (folder / "node_modules" / path).mkdir(parents=True)
    return 0


@pytest.fixture
def installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Install], list[Sequence[str]]]:
    """Put something in the place of pip and npm, and return what it is asked."""
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path))
    monkeypatch.setattr(programs.shutil, "which", lambda _name: "/bin/npm")
    needed = {
        "python": {"made-up": ("helper==1.0",)},
        "npm": {"@made/up": ("helper@1.0",)},
        "source": {"made-of-c": ()},
        "build": {"made-of-c": {"flags": ["-Iinclude", "-DX=1"], "headers": {"x.h": "int x;\n"}}},
    }
    monkeypatch.setattr(requirements, "_tables", lambda: needed)

    def use(install: Install) -> list[Sequence[str]]:
        asked: list[Sequence[str]] = []

        def run(command: Sequence[str | Path], *, folder: Path, log: Path, **_rest: object) -> int:
            words = [str(word) for word in command]
            asked.append(words)
            log.write_text("ERROR: no matching distribution\n", encoding="utf-8")
            return install(words, folder)

        monkeypatch.setattr(programs, "run_child", run)
        return asked

    return use


def test_python_packages_lie_apart_from_what_they_need(
    installed: Callable[[Install], list[Sequence[str]]],
) -> None:
    """And start-up files are gone: no code of theirs runs with the interpreter."""
    asked = installed(_python_install)
    workspace = workspace_of(made_up_entry("made-up"), ignore_progress)
    own = {path.relative_to(workspace.folder).as_posix() for path in workspace.folder.rglob("*.py")}
    assert own == {"shop/front.py", "shop/__init__.py"}
    environment = workspace.folder.parent / "env"
    assert workspace.interpreter == interpreter_of(environment)
    left = {path.name for path in site_packages_of(environment).iterdir()}
    assert left == {"helper.py", "made_up-2.0.dist-info", "shop"}
    assert workspace_of(made_up_entry("made-up"), ignore_progress) == workspace
    assert len(asked) == 2


def test_npm_packages_keep_their_own_versions(
    installed: Callable[[Install], list[Sequence[str]]],
) -> None:
    installed(_npm_install)
    workspace = workspace_of(made_up_entry("@made/up", ArchiveKind.NPM), ignore_progress)
    assert (workspace.folder / "src").is_dir()
    modules = workspace.folder / "node_modules"
    found = {path.relative_to(modules).as_posix() for path in modules.glob("*")}
    assert found == {"own", "helper", "@made"}
    assert [path.name for path in (modules / "@made").iterdir()] == ["other"]
    assert not (workspace.folder.parent / "attempt").exists()


def test_a_failed_installation_leaves_nothing_behind(
    installed: Callable[[Install], list[Sequence[str]]], tmp_path: Path
) -> None:
    installed(lambda _command, _folder: 1)
    with pytest.raises(CorpusError, match="no matching distribution"):
        workspace_of(made_up_entry("made-up"), ignore_progress)
    assert not list((tmp_path / "members").iterdir())


def test_a_package_that_nobody_knows_about_is_a_complaint(
    installed: Callable[[Install], list[Sequence[str]]],
) -> None:
    installed(_python_install)
    with pytest.raises(CorpusError, match="what market needs is not known"):
        workspace_of(made_up_entry("market"), ignore_progress)


def test_without_npm_typescript_is_left_out(
    installed: Callable[[Install], list[Sequence[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(_npm_install)
    monkeypatch.setattr(programs.shutil, "which", lambda _name: None)
    with pytest.raises(CorpusError, match=r"install Node\.js"):
        workspace_of(made_up_entry("@made/up", ArchiveKind.NPM), ignore_progress)


def test_progress_says_what_is_installed(tmp_path: Path) -> None:
    """A real program, which is followed while it runs and whose end is waited for."""
    told: list[ProgressReport] = []
    program = programs.Program("the shop", tmp_path, told.append)
    program.make_environment(tmp_path / "env", [])
    assert interpreter_of(tmp_path / "env").exists()
    assert {report.message for report in told} == {"Installing the shop"}


def test_sources_are_unpacked_beside_what_their_build_would_say(
    installed: Callable[[Install], list[Sequence[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is installed, and where the build is another one the workspace is too."""
    asked = installed(lambda _command, _folder: 1)
    package = replace(made_up_entry("made-of-c", ArchiveKind.SOURCE), language="c")

    def unpack(*arguments: object) -> Path:
        folder = arguments[2]
        assert isinstance(folder, Path)
        place = folder / "unpacked" / "made-of-c"
        (place / "src").mkdir(parents=True)
        (place / "src" / "made.c").write_text("int main;\n", encoding="utf-8")
        return place

    monkeypatch.setattr(workspaces, "download", unpack)
    workspace = workspace_of(package, ignore_progress)
    assert (workspace.language, workspace.interpreter) == ("c", None)
    assert {path.name for path in workspace.folder.iterdir()} == {"src", "x.h", FLAGS_NAME}
    assert (workspace.folder / FLAGS_NAME).read_text("utf-8") == "-Iinclude\n-DX=1\n"
    assert [path.name for path in workspace.folder.parent.iterdir()] == ["work"]
    assert not asked
    needed, build = requirements_of(package), build_of(package)
    assert identity_of(needed, build) != identity_of(needed, replace(build, flags=("-Iother",)))
    assert identity_of(needed, build) != identity_of(needed, replace(build, headers={}))


def test_everything_that_is_measured_is_pinned() -> None:
    """Each to one version, and for every package of the corpus that is written down."""
    packages = (*corpus_packages(), *analysed_packages())
    tables = requirements._tables()
    written = set().union(*tables.values())
    assert written <= {package.name for package in packages}
    assert {package.name for package in analysed_packages()} <= written
    for package in packages:
        if package.name in written:
            first, *others = requirements_of(package)
            assert package.latest.version in first
            assert all("==" in each or "@" in each[1:] for each in others)


def test_what_a_compiler_is_told_is_known_for_all_of_c() -> None:
    for package in analysed_packages():
        is_compiled = package.language in ("c", "cpp")
        assert bool(build_of(package).flags) == is_compiled, package.name
