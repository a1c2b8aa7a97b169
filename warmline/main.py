"""The entry point: finds the command, runs it, and turns errors into sentences."""

import argparse
import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from importlib import import_module
from types import ModuleType

from engine.errors import EngineError
from evaluation.errors import EvaluationError
from warmline import __version__
from warmline.errors import CommandError, UsageError

COMMANDS = {
    "serve": "run the language server for an editor",
    "complete": "complete the code at one place in a file",
    "explain": "see what a suggestion is made from, and why",
    "cache": "draw the live cache of a file",
    "index": "see what the rest of a repository can tell the model",
    "status": "see what runs, how well suggestions fare, and how fast they come",
    "engine": "see, start or stop the engine that all windows share",
    "models": "see and get models",
    "analysers": "see and install what checks that names exist",
    "doctor": "see what is installed, what works, and what to do about the rest",
    "demo": "see the live cache keep up with edits of a real file",
    "bench": "time Warmline beside llama.cpp and others",
    "train-retriever": "teach the retriever what helps in your repositories",
    "eval": "see whether the live cache says what a full recompute says",
}
"""Each is a module of `warmline.commands`, with `_` for `-`, imported only when it is called."""


class ExitCode(IntEnum):
    """What the shell is told where a command did not come to its end."""

    FAILED = 1
    WRONG_CALL = 2
    INTERRUPTED = 130  # by Ctrl-C, as shells count it: 128 + SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names and return its exit code.

    Raises:
        SystemExit: From argparse, after `--help`, `--version` or a malformed call.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser(argv[0] if argv else None).parse_args(argv)
    try:
        return int(_command_module(arguments.command).run(arguments))
    except UsageError as error:
        return _say(error, ExitCode.WRONG_CALL)
    except (CommandError, EngineError, EvaluationError) as error:
        return _say(error, ExitCode.FAILED)
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def build_parser(called: str | None = None) -> argparse.ArgumentParser:
    """Return the parser: of the command that was called, or of the list of commands."""
    parser = argparse.ArgumentParser(
        prog="warmline",
        description="Local code completion whose model cache keeps up with your edits.",
    )
    parser.add_argument("--version", action="version", version=f"warmline {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    if called in COMMANDS:
        _command_module(called).add_parser(subparsers)
    else:
        for command, summary in COMMANDS.items():
            subparsers.add_parser(command, help=summary)
    return parser


def _command_module(command: str) -> ModuleType:
    return import_module(f"warmline.commands.{command.replace('-', '_')}")


def _say(error: Exception, code: ExitCode) -> ExitCode:
    print(f"warmline: {error}", file=sys.stderr)
    return code
