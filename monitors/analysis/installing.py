"""Installing packages into the analysers' environment, with pip and npm as they are set up."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from monitors.analysis.errors import SetUpError

_LEASH = Path(__file__).resolve().parents[1] / "host" / "leash.py"
INSTALL_TIMEOUT_S = 600.0
_PROGRESS_WORDS = ("Collecting ", "Downloading ", "Installing collected")
_OFFLINE_WORDS = (
    "temporary failure in name resolution",
    "name or service not known",
    "network is unreachable",
    "connection refused",
    "failed to establish a new connection",
    "no address associated with hostname",
    "nodename nor servname",
    "enotfound",
    "eai_again",
    "econnrefused",
)


def install_python_packages(
    python: Path, requirements: Path, progress: Callable[[str], None]
) -> None:
    """Install what a file of requirements names.

    Raises:
        SetUpError: If pip fails or takes too long.
    """
    options = ("--disable-pip-version-check", "--no-input", "--no-color", "--progress-bar=off")
    command = [str(python), "-I", "-m", "pip", "install", *options, "-r", str(requirements)]
    _run("pip", command, requirements.parent, progress)


def install_npm_packages(source: Path, target: Path, progress: Callable[[str], None]) -> None:
    """Install what a lock file names; without npm, do without.

    Args:
        source: Has `package.json` and `package-lock.json`; where it is not, nothing is done.
        target: Takes copies of both, and `node_modules`.
        progress: Told what is being done.

    Raises:
        SetUpError: If npm fails or takes too long.
    """
    npm = shutil.which("npm")
    if not (source / "package-lock.json").exists():
        return
    if npm is None:
        progress("there is no npm: TypeScript and JavaScript are not analysed")
        return
    progress("installing what comes from npm")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source / name, target / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run("npm", [npm, "ci", *options], target, progress)


def _run(name: str, command: Sequence[str], folder: Path, progress: Callable[[str], None]) -> None:
    """Run an installer to its end, and tell what it tells.

    Raises:
        SetUpError: If it fails or takes too long.
    """
    lines: list[str] = []
    with subprocess.Popen(
        (*_leash(), *command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        timer = threading.Timer(INSTALL_TIMEOUT_S, process.kill)
        timer.start()
        try:
            for line in process.stdout or ():
                lines.append(line.strip())
                if line.startswith(_PROGRESS_WORDS):
                    progress(line.strip())
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if process.returncode:
        raise SetUpError(_failure(name, process.returncode, lines))


def _leash() -> Sequence[str]:
    """Return what makes a command end when we do: nobody would use what it installs."""
    return (sys.executable, "-I", str(_LEASH), str(os.getpid())) if os.name == "posix" else ()


def _failure(name: str, code: int, lines: Sequence[str]) -> str:
    """Return one sentence about why an installer failed."""
    output = "\n".join(lines).lower()
    if any(word in output for word in _OFFLINE_WORDS):
        return (
            f"{name} cannot reach its registry, so the analysers are not installed; go online"
            " once and run `warmline analysers install`."
        )
    if "no space left on device" in output:
        return (
            "The disk is full, so the analysers are not installed; make room, or point"
            " WARMLINE_CACHE to another disk, and run `warmline analysers install`."
        )
    told = [line for line in lines if "error" in line.lower()] or [line for line in lines if line]
    last = told[-1] if told else "it said nothing"
    return (
        f"{name} ended with code {code} while installing the analysers ({last}); mend that and"
        " run `warmline analysers install`."
    )
