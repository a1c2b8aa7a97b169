"""`warmline serve`: the language server."""

import argparse

from warmline.options import add_model_option


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "serve",
        description="Run the language server, over standard input and output by default.",
    )
    parser.add_argument(
        "--stdio", action="store_true", help="standard input and output, as by default"
    )
    parser.add_argument("--tcp", metavar="HOST:PORT", help="wait for one editor at this address")
    add_model_option(parser)
