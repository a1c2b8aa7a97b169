"""`warmline eval edits|chunks|repo|members|confidence|trace|retention`: how right is Warmline?"""

import argparse
from importlib import import_module
from types import ModuleType

SUITES = ("edits", "chunks", "repo", "members", "confidence", "trace", "retention")
"""Each is a module of `warmline.suites`."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments: those of each suite."""
    parser = subparsers.add_parser(
        "eval", description="Hold what Warmline answers against a full recompute and the truth."
    )
    suites = parser.add_subparsers(dest="suite", metavar="|".join(SUITES), required=True)
    for name in SUITES:
        summary = _module(name).SUMMARY
        each = suites.add_parser(name, help=summary, description=f"{summary}.".capitalize())
        _module(name).add_arguments(each)


def run(arguments: argparse.Namespace) -> int:
    """Run the suite that was named and return the exit code."""
    return int(_module(arguments.suite).run(arguments))


def _module(suite: str) -> ModuleType:
    return import_module(f"warmline.suites.{suite}")
