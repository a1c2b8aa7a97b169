"""The analysers' environment: made once, redone when half made, and clear when it cannot be."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from monitors.analysis import environment as environments
from monitors.analysis import installing
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.errors import SetUpError
from monitors.analysis.launching import InstalledHost


class Installers:
    """Stand in for venv, pip and npm, which take long and need a network."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failure: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def make(self, folder: Path) -> None:
        self.done.append("venv")
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    def pip(self, python: Path, requirements: Path, progress: Callable[[str], None]) -> None:
        assert python.exists()
        assert requirements.exists()
        self.gate.wait(30)
        self.done.append("pip")
        progress("Collecting ty==1.0")
        if self.failure is not None:
            raise self.failure

    def npm(self, source: Path, target: Path, progress: Callable[[str], None]) -> None:  # noqa: ARG002
        self.done.append("npm")


@pytest.fixture
def installers(monkeypatch: pytest.MonkeyPatch) -> Installers:
    installers = Installers()
    monkeypatch.setattr(environments, "_run_venv", installers.make)
    monkeypatch.setattr(environments, "install_python_packages", installers.pip)
    monkeypatch.setattr(environments, "install_npm_packages", installers.npm)
    return installers


@pytest.fixture
def host(tmp_path: Path) -> Path:
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "requirements.txt").write_text("# exact\nty==1.0\nmsgpack==1.2\n")
    return folder


@pytest.fixture
def environment(tmp_path: Path, host: Path) -> AnalysisEnvironment:
    return AnalysisEnvironment(tmp_path / "analysers", host)


def quiet(_line: str) -> None:
    pass


def test_it_is_made_once(environment: AnalysisEnvironment, installers: Installers) -> None:
    assert not environment.is_ready()
    lines: list[str] = []
    environment.install(lines.append)
    assert environment.is_ready()
    assert installers.done == ["venv", "pip", "npm"]
    assert "Collecting ty==1.0" in lines
    environment.install(quiet)
    assert len(installers.done) == 3
    environment.install(quiet, is_again=True)
    assert len(installers.done) == 6


def test_its_state_names_what_is_wanted(environment: AnalysisEnvironment) -> None:
    state = environment.state()
    assert state.wanted == ("ty==1.0", "msgpack==1.2")
    assert not state.is_ready


def test_other_requirements_need_another_one(
    environment: AnalysisEnvironment, host: Path, installers: Installers
) -> None:
    environment.install(quiet)
    (host / "requirements.txt").write_text("ty==2.0\n")
    newer = AnalysisEnvironment(environment.folder.parent, host)
    assert not newer.is_ready()
    newer.install(quiet)
    assert newer.folder != environment.folder
    assert environment.is_ready()  # a window of the older version may be using it
    assert installers.done.count("pip") == 2


def test_one_that_was_not_used_for_long_is_removed(
    environment: AnalysisEnvironment,
    host: Path,
    installers: Installers,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment.install(quiet)
    (host / "requirements.txt").write_text("ty==2.0\n")
    monkeypatch.setattr(environments, "_KEPT_S", -1.0)
    newer = AnalysisEnvironment(environment.folder.parent, host)
    newer.install(quiet)
    assert not environment.folder.exists()


def test_a_half_made_one_is_made_again(
    environment: AnalysisEnvironment, installers: Installers
) -> None:
    installers.failure = SetUpError("pip cannot reach its registry.")
    with pytest.raises(SetUpError, match="registry"):
        environment.install(quiet)
    assert not environment.is_ready()
    installers.failure = None
    environment.install(quiet)
    assert environment.is_ready()


def test_one_made_anew_is_not_ready_until_it_is_whole(
    environment: AnalysisEnvironment, installers: Installers
) -> None:
    environment.install(quiet)
    installers.failure = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        environment.install(quiet, is_again=True)
    assert not environment.is_ready()


def test_of_two_who_install_one_does_and_the_other_waits(
    environment: AnalysisEnvironment, host: Path, installers: Installers
) -> None:
    installers.gate.clear()
    first = threading.Thread(target=environment.install, args=(quiet,))
    first.start()
    lines: list[str] = []
    other = AnalysisEnvironment(environment.folder.parent, host)

    def let_go_when_waiting(line: str) -> None:
        lines.append(line)
        installers.gate.set()

    while not (environment.folder / "bin" / "python").exists():
        first.join(0.01)
    other.install(let_go_when_waiting)
    first.join(30)
    assert lines == ["waiting for another Warmline, which is installing the analysers"]
    assert installers.done.count("pip") == 1


def test_a_wait_for_another_has_an_end(
    environment: AnalysisEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "LOCK_TIMEOUT_S", 0.01)
    environment.folder.parent.mkdir()
    with (
        FileLock(environment.folder.parent / "install.lock"),
        pytest.raises(SetUpError, match="Another Warmline has been installing"),
    ):
        environment.install(quiet)


def test_without_room_nothing_is_begun(
    environment: AnalysisEnvironment, installers: Installers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "NEEDED_BYTES", 2**62)
    with pytest.raises(SetUpError, match="make room, or point WARMLINE_CACHE elsewhere"):
        environment.install(quiet)
    assert not installers.done


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, host: Path) -> None:
    (tmp_path / "file").touch()
    environment = AnalysisEnvironment(tmp_path / "file" / "analysers", host)
    with pytest.raises(SetUpError, match="cannot be written"):
        environment.install(quiet)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ERROR: [Errno -3] Temporary failure in name resolution", "cannot reach its registry"),
        ("npm error code EAI_AGAIN", "cannot reach its registry"),
        ("ERROR: OSError: [Errno 28] No space left on device", "The disk is full"),
        ("noise\nERROR: No matching distribution found for ty==1\nnoise", "No matching distri"),
        ("", "it said nothing"),
    ],
)
def test_an_installer_that_fails_is_one_sentence(
    tmp_path: Path, output: str, expected: str
) -> None:
    program = f"import sys; print({output!r}); sys.exit(1)"
    with pytest.raises(SetUpError, match=expected):
        installing._run("pip", [sys.executable, "-c", program], tmp_path, quiet)


def test_an_installer_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "INSTALL_TIMEOUT_S", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(3600)"]
    with pytest.raises(SetUpError):
        installing._run("pip", command, tmp_path, quiet)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with parents")
def test_an_installer_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A window that is closed meanwhile leaves no pip behind."""
    told = tmp_path / "pid"
    child = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(3600)"
    program = (
        "import pathlib, sys; from monitors.analysis import installing;"
        f"installing._run('pip', [sys.executable, '-c', {child!r}], pathlib.Path('.'), print)"
    )
    window = subprocess.Popen([sys.executable, "-c", program])
    try:
        while not told.exists() or not told.read_text():
            assert window.poll() is None
            time.sleep(0.01)
        installer = psutil.Process(int(told.read_text()))
    finally:
        window.kill()
        window.wait(30)
    installer.wait(30)


def test_a_real_environment_can_be_made(tmp_path: Path) -> None:
    environments._run_venv(tmp_path / "made")
    python = tmp_path / "made" / "bin" / "python"
    subprocess.run([python, "-c", "import pip"], check=True, timeout=60)


async def test_the_host_is_installed_at_first_use(
    environment: AnalysisEnvironment, installers: Installers
) -> None:
    lines: list[str] = []
    launch = InstalledHost(environment, lines.append)
    assert not launch.is_ready()
    command = await launch.command()
    assert command == (str(environment.python), "-I", str(environment.host))
    assert launch.is_ready()
    assert lines
    await launch.command()
    assert installers.done.count("pip") == 1


async def test_a_failure_of_the_installation_comes_through(
    environment: AnalysisEnvironment, installers: Installers
) -> None:
    installers.failure = SetUpError("The disk is full.")
    with pytest.raises(SetUpError, match="disk is full"):
        await InstalledHost(environment, quiet).command()
