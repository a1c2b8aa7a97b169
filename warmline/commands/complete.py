"""`warmline complete FILE:LINE:COLUMN`: one completion, without an editor."""

import argparse
import asyncio
import sys

from completion.document import Document
from completion.suggestion_json import suggestion_json
from completion.types import CompletionOptions, Suggestion
from engine.protocol.messages import MAX_CANDIDATES
from warmline.headless import headless_session
from warmline.languages import language_of
from warmline.options import (
    add_json_option,
    add_language_option,
    add_model_option,
    engine_settings,
    number_of_candidates,
    positive_int,
    print_json,
)
from warmline.roots import repository_root
from warmline.source import offset_of, parse_place, read_source
from warmline.suggestions import FAILURES, describe_cost


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "complete",
        description="Complete the code at one place in a file and print the text to insert.",
    )
    parser.add_argument(
        "place",
        metavar="FILE:LINE:COLUMN",
        help="where to complete; line and column begin at 1, columns count characters",
    )
    parser.add_argument(
        "-n",
        "--candidates",
        type=number_of_candidates,
        default=1,
        help=f"how many to write, at most {MAX_CANDIDATES} (1)",
    )
    parser.add_argument("--max-tokens", type=positive_int, help="most tokens of one candidate")
    parser.add_argument(
        "--no-retrieval",
        action="store_true",
        help="leave out what the rest of the repository says",
    )
    parser.add_argument(
        "--no-monitors", action="store_true", help="do not check whether names exist"
    )
    parser.add_argument("--time", action="store_true", help="say what it took")
    add_language_option(parser)
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Complete, print, and return 1 if the work could not be done."""
    suggestion = asyncio.run(_complete(arguments))
    if arguments.json:
        print_json(suggestion_json(suggestion))
    else:
        _print_candidates(suggestion)
    if arguments.time:
        print(describe_cost(suggestion), file=sys.stderr)
    return int(suggestion.reason in FAILURES)


async def _complete(arguments: argparse.Namespace) -> Suggestion:
    place = parse_place(arguments.place)
    text = read_source(place.path)
    offset = offset_of(text, place)
    name = place.path.resolve().as_uri()
    language = arguments.language or language_of(place.path)
    options = CompletionOptions(arguments.candidates, arguments.max_tokens, is_invoked=True)
    opened = headless_session(
        engine_settings(arguments),
        repository_root(place.path),
        retrieval=not arguments.no_retrieval,
        monitors=not arguments.no_monitors,
    )
    async with opened as session:
        session.completer.open(Document(name, language, version=1, text=text))
        return await session.completer.complete(name, offset, options)


def _print_candidates(suggestion: Suggestion) -> None:
    if suggestion.reason is not None:
        print(f"warmline: {suggestion.detail} ({suggestion.reason.value})", file=sys.stderr)
    for number, candidate in enumerate(suggestion.candidates, start=1):
        if len(suggestion.candidates) > 1:
            print(f"--- candidate {number}: {candidate.num_tokens} tokens,", end=" ")
            print(f"{candidate.mean_logprob:.2f} per token")
        print(candidate.text)
