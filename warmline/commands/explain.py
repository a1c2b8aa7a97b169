"""`warmline explain FILE:LINE:COLUMN`: what a suggestion is made from, and why."""

import argparse
import asyncio
from dataclasses import asdict

from rich.console import Console

from completion.context.explanation import Explanation
from completion.document import Document
from warmline.errors import WorkError
from warmline.explaining import draw_explanation
from warmline.headless import headless_session
from warmline.languages import language_of
from warmline.options import (
    add_json_option,
    add_language_option,
    add_model_option,
    engine_settings,
    print_json,
)
from warmline.roots import repository_root
from warmline.source import offset_of, parse_place, read_source


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "explain",
        description=(
            "Show what a suggestion at one place in a file is made from: the chunks of other"
            " files with the scores of each stage, what was left out and why, and the prompt,"
            " part by part. Nothing is generated."
        ),
    )
    parser.add_argument(
        "place",
        metavar="FILE:LINE:COLUMN",
        help="where to look; line and column begin at 1, columns count characters",
    )
    parser.add_argument("--prompt", action="store_true", help="show the text of each part too")
    parser.add_argument("--all", action="store_true", help="list all that was left out")
    add_language_option(parser)
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Explain, as a drawing or as JSON."""
    explanation = asyncio.run(_explain(arguments))
    if arguments.json:
        print_json(asdict(explanation))
    else:
        console = Console(highlight=False)
        draw_explanation(explanation, console, with_text=arguments.prompt, is_whole=arguments.all)
    return 0


async def _explain(arguments: argparse.Namespace) -> Explanation:
    place = parse_place(arguments.place)
    text = read_source(place.path)
    offset = offset_of(text, place)
    name = place.path.resolve().as_uri()
    language = arguments.language or language_of(place.path)
    opened = headless_session(
        engine_settings(arguments), repository_root(place.path), monitors=True
    )
    async with opened as session:
        session.completer.open(Document(name, language, version=1, text=text))
        explanation = await session.completer.explain(name, offset)
    if explanation is None:
        raise WorkError(f"{place.path} was closed meanwhile; call again")
    return explanation
