"""The editors on this machine, their plug-ins, and the windows that run."""

from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from engine.errors import EngineUnavailableError
from lsp_server.figures_file import running_windows
from warmline import __version__
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem
from warmline.checks.versions import said_by, version_of

OLDEST_NEOVIM = Version("0.10")
OLDEST_VSCODE = Version("1.91")
_EXTENSION = "warmline.warmline@"


def check_clients() -> Iterator[Finding]:
    """Compare what runs suggestions in editors with what this version needs."""
    findings = [*_check_neovim(), *_check_vscode(), *_check_windows()]
    yield from findings
    if not findings:
        yield works("clients", "no editor with a command line on PATH")


def _check_neovim() -> Iterator[Finding]:
    found = version_of("nvim", "--version")
    if found is not None and found < OLDEST_NEOVIM:
        yield Problem.NEOVIM_OLD.finding(f"Neovim is {found}", needed=OLDEST_NEOVIM)
    elif found is not None:
        yield works("clients", f"Neovim {found}")


def _check_vscode() -> Iterator[Finding]:
    found = version_of("code", "--version")
    if found is None:
        return
    extension = _extension_version()
    if found < OLDEST_VSCODE:
        yield Problem.VSCODE_OLD.finding(f"VS Code is {found}", needed=OLDEST_VSCODE)
    elif extension is not None and extension < Version(__version__):
        told = f"the extension is {extension}, Warmline is {__version__}"
        yield Problem.EXTENSION_OLD.finding(told)
    else:
        yield works("clients", f"VS Code {found}, extension {extension or 'not installed'}")


def _extension_version() -> Version | None:
    listed = said_by(["code", "--list-extensions", "--show-versions"]) or ""
    ours = [line.strip() for line in listed.splitlines() if line.startswith(_EXTENSION)]
    try:
        return Version(ours[0].removeprefix(_EXTENSION)) if ours else None
    except InvalidVersion:
        return None


def _check_windows() -> Iterator[Finding]:
    try:
        windows = running_windows()
    except EngineUnavailableError:
        return  # what is wrong with the folder is found with the engine
    others = [window for window in windows if window.version != __version__]
    for window in others:
        found = f"process {window.pid} serves a window with version {window.version}"
        yield Problem.WINDOW_OLD.finding(found)
    if windows and not others:
        yield works("clients", f"open windows: {len(windows)}, all of this version")
