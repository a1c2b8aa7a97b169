"""The environment variables that are Warmline's."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from engine.protocol.endpoint import Transport
from engine.weights.location import CACHE_VARIABLE, SNAPSHOT_VARIABLE
from warmline.checks.finding import Finding, works
from warmline.checks.paths import typed
from warmline.checks.problems import Problem
from warmline.indexing import INDEX_VARIABLE

_PREFIX = "WARMLINE_"
RUNTIME_VARIABLE = "WARMLINE_RUNTIME_DIR"
TRANSPORT_VARIABLE = "WARMLINE_TRANSPORT"
FOLDER_VARIABLES = (CACHE_VARIABLE, SNAPSHOT_VARIABLE, INDEX_VARIABLE, RUNTIME_VARIABLE)
OTHER_VARIABLES = (
    TRANSPORT_VARIABLE,
    "WARMLINE_DATA",
    "WARMLINE_TEST_EDITS",
    "WARMLINE_TEST_NVIM",
    "WARMLINE_TEST_SEQUENCES",
)


def check_environment() -> Iterator[Finding]:
    """Look for variables that mean nothing, or not what was meant."""
    problems = [*_unknown_names(), *_relative_folders(), *_unknown_transport()]
    yield from problems
    if not problems:
        chosen = sorted(name for name in os.environ if name.startswith(_PREFIX))
        yield works("environment", ", ".join(chosen) if chosen else "no variable of Warmline's set")


def is_transport_known() -> bool:
    """Tell whether the engine could be found by the transport that the environment asks for."""
    return os.environ.get(TRANSPORT_VARIABLE, "") in ("", *Transport)


def _unknown_names() -> Iterator[Finding]:
    known = [name.removeprefix(_PREFIX) for name in (*FOLDER_VARIABLES, *OTHER_VARIABLES)]
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in known:
            close = get_close_matches(name.removeprefix(_PREFIX), known, n=1)
            meant = f"; {_PREFIX}{close[0]} may be meant" if close else ""
            found = f"{name} means nothing to Warmline"
            yield Problem.VARIABLE_UNKNOWN.finding(found, name=name, meant=meant)


def _relative_folders() -> Iterator[Finding]:
    for name in FOLDER_VARIABLES:
        chosen = os.environ.get(name, "")
        path = Path(os.path.expanduser(chosen))  # noqa: PTH111 - Path's raises for ~nobody
        if chosen and not path.is_absolute():
            found = f"{name} is no full path, so it is another folder for each program"
            yield Problem.VARIABLE_RELATIVE.finding(found, name=name, folder=typed(path.absolute()))


def _unknown_transport() -> Iterator[Finding]:
    if not is_transport_known():
        asked = os.environ[TRANSPORT_VARIABLE]
        yield Problem.TRANSPORT_UNKNOWN.finding(f"{TRANSPORT_VARIABLE} is {asked!r}")
