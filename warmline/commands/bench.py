"""`warmline bench edits|decode|serve|soak|load|retrieval|encoders|masks`: timings, side by side."""

import argparse
from importlib import import_module
from types import ModuleType

BENCHMARKS = ("edits", "decode", "serve", "soak", "load", "retrieval", "encoders", "masks")
"""Each is a module of `warmline.benchmarks`."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments: those of each benchmark."""
    parser = subparsers.add_parser(
        "bench",
        description="Time Warmline beside what people would use instead, in one run.",
    )
    benchmarks = parser.add_subparsers(
        dest="benchmark", metavar="|".join(BENCHMARKS), required=True
    )
    for name in BENCHMARKS:
        summary = _module(name).SUMMARY
        each = benchmarks.add_parser(name, help=summary, description=f"{summary}.".capitalize())
        _module(name).add_arguments(each)


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark that was named and return the exit code."""
    return int(_module(arguments.benchmark).run(arguments))


def _module(benchmark: str) -> ModuleType:
    return import_module(f"warmline.benchmarks.{benchmark}")
