"""`warmline cache FILE`: the live cache of a file, drawn."""

import argparse
import asyncio
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from completion.cache_view import CacheView
from completion.document import Document
from completion.types import CompletionOptions
from evaluation.cache_drawing import (
    STYLES,
    TokenState,
    count_states,
    draw_legend,
    draw_map,
    draw_text,
)
from lsp_server.ports import Session
from warmline.errors import WorkError
from warmline.headless import headless_session
from warmline.languages import language_of
from warmline.options import (
    add_json_option,
    add_language_option,
    add_model_option,
    engine_settings,
    print_json,
)
from warmline.source import read_source


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "cache",
        description=(
            "Draw the live cache that `warmline complete` left for a file: which tokens are"
            " exact, kept, moved, newly encoded. A file without one is read first."
        ),
    )
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--text", action="store_true", help="colour the text itself")
    add_language_option(parser)
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw the cache, or print it as JSON."""
    view = asyncio.run(_view(arguments))
    if arguments.json:
        print_json(asdict(view))
    else:
        _draw(view, Console(highlight=False), with_text=arguments.text)
    return 0


async def _view(arguments: argparse.Namespace) -> CacheView:
    path = arguments.file
    name, text = path.resolve().as_uri(), read_source(path)
    document = Document(name, arguments.language or language_of(path), version=1, text=text)
    async with headless_session(engine_settings(arguments)) as session:
        session.completer.open(document)
        view = await session.completer.cache_view(name)
        return view or await _read_first(session, document)


async def _read_first(session: Session, document: Document) -> CacheView:
    """Let the engine read the file up to its end, which makes its cache."""
    options = CompletionOptions(max_tokens=1)
    suggestion = await session.completer.complete(document.name, len(document.text), options)
    view = await session.completer.cache_view(document.name)
    if view is None:
        raise WorkError(suggestion.detail or "the engine holds no cache of it")
    return view


def _draw(view: CacheView, console: Console, *, with_text: bool) -> None:
    console.print(draw_text(view.runs) if with_text else draw_map(view.runs, console.width))
    console.print(draw_legend())
    counts = count_states(view.runs)
    for state in TokenState:
        console.print(f"{counts[state]:7} {state.name.lower()}", style=STYLES[state])
    console.print(
        f"{view.num_tokens:7} tokens, {view.bytes_used / 1e6:.1f} MB,"
        f" exact up to token {view.exact_prefix}"
    )
    if view.last_sync is not None:
        last = view.last_sync
        console.print(
            f"last change: {last.kept} kept, {last.moved} moved, {last.encoded} encoded"
            f" in {last.sync_ms:.0f} ms"
        )
