"""`warmline demo`: the live cache keeps up with edits of a real file."""

import argparse
import asyncio
import sys

from rich.console import Console

from evaluation.demo import run_demo
from evaluation.demo_view import SilentAudience, TerminalAudience, draw_summary
from warmline.options import add_json_option, add_model_option, print_json


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "demo",
        description=(
            "Start the real language server, open a real file, complete in it, edit it near its"
            " top, complete far below, move the cursor, and show what was kept, moved and"
            " encoded, next to a full recompute of the same text."
        ),
    )
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play the demo and print what it measured."""
    command = _serve_command(arguments.model)
    if arguments.json:
        print_json(asyncio.run(run_demo(command, SilentAudience())).to_json())
        return 0
    console = Console(highlight=False)
    with TerminalAudience(console) as audience:
        result = asyncio.run(run_demo(command, audience))
    console.print(draw_summary(result))
    return 0


def _serve_command(model: str | None) -> list[str]:
    """Return how this very installation is started as a server."""
    # -I keeps a folder named `engine` in the current directory out of the import path.
    command = [sys.executable, "-I", "-m", "warmline", "serve"]
    return [*command, "--model", model] if model else command
