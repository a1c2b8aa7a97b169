"""`warmline analysers`: what knows which names exist, which has an environment of its own."""

import argparse
import sys
from dataclasses import asdict

from monitors.analysis.environment import EnvironmentState
from monitors.analysis.errors import SetUpError
from monitors.host.registry import CHOICES
from warmline.analysis import analysis_environment
from warmline.errors import WorkError
from warmline.options import add_json_option, print_json


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "analysers",
        description=(
            "See or install what keeps suggestions to names that exist. An editor installs it by"
            " itself at first use."
        ),
    )
    parser.add_argument(
        "action",
        nargs="?",
        choices=("status", "install"),
        default="status",
        help="status, as by default, or install",
    )
    parser.add_argument(
        "--again", action="store_true", help="install anew what is installed already"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Install if that is wanted, and say what is there."""
    environment = analysis_environment()
    if arguments.action == "install":
        try:
            environment.install(_tell, is_again=arguments.again)
        except SetUpError as error:
            raise WorkError(str(error)) from error
    _show(environment.state(), as_json=arguments.json)
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _show(state: EnvironmentState, *, as_json: bool) -> None:
    languages = sorted(CHOICES)
    if as_json:
        print_json({**asdict(state), "folder": str(state.folder), "languages": languages})
        return
    if state.is_ready:
        print(f"The analysers for {', '.join(languages)} are installed in {state.folder}.")
    else:
        print("The analysers are not installed; `warmline analysers install` gets them.")
