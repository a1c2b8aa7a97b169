"""`warmline bench edits`."""

import argparse

SUMMARY = "time what follows an edit: the cache update, the first token, the first line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Measure."""
    raise NotImplementedError
