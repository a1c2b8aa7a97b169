"""`warmline serve`: the language server."""

import argparse
import logging
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lsp_server.running import run_stdio, run_tcp
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace
from warmline import __version__
from warmline.errors import UsageError, WorkError
from warmline.options import add_model_option

if TYPE_CHECKING:
    from lsp_server.ports import Session

MAX_PORT = 65535


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "serve",
        description="Run the language server, over standard input and output by default.",
    )
    parser.add_argument(
        "--stdio", action="store_true", help="standard input and output, as by default"
    )
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", help="wait for one editor at this address instead"
    )
    parser.add_argument("--verbose", action="store_true", help="log more to standard error")
    add_model_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the editor leaves."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    make_session = partial(_join, arguments.model)
    if arguments.tcp is None:
        return run_stdio(make_session, __version__)
    if arguments.stdio:
        raise UsageError("--stdio and --tcp exclude each other: choose one")
    host, port = parse_address(arguments.tcp)
    try:
        return run_tcp(make_session, __version__, host, port)
    except OSError as error:
        raise WorkError(
            f"the server cannot listen at {arguments.tcp}: {error.strerror or error};"
            " choose another address, or port 0 for any free one"
        ) from error


def parse_address(text: str) -> tuple[str, int]:
    """Read HOST:PORT; an IPv6 host stands in brackets.

    Raises:
        UsageError: If the text has another form.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise UsageError(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:9257")
    return host.strip("[]"), int(port)


def _join(model: str | None, settings: Settings, workspace: Workspace) -> "Session":
    """Join a window's session; a model named in the call comes before the editor's.

    Imports what it joins only now: the editor has had its first answer.
    """
    from warmline.composition import join_window  # noqa: PLC0415

    if model is not None:
        settings = replace(settings, engine=replace(settings.engine, model=model))
    return join_window(settings, workspace)
