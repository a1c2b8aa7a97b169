"""`warmline bench decode`."""

import argparse

SUMMARY = "time reading a prompt and writing after it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Measure."""
    raise NotImplementedError
