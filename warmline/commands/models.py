"""`warmline models`: weights, where they are and what they cost; text encoders apart."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from engine.errors import ModelError, ModelNotFoundError
from engine.settings import DEFAULT_MODEL
from engine.weights.catalogue import CatalogueEntry, find
from engine.weights.disk import in_words
from engine.weights.encoders import ENCODERS, encoder_store
from engine.weights.inventory import ModelState, ModelStatus
from engine.weights.store import ModelStore
from warmline.options import print_json
from warmline.progress import shown_progress

_WIDE_COLUMNS = 120
_STYLES = {
    ModelState.READY: "green",
    ModelState.PARTIAL: "yellow",
    ModelState.DAMAGED: "red",
    ModelState.ABSENT: "dim",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "models",
        description="List, pull and remove weights.",
    )
    actions = parser.add_subparsers(dest="action", metavar="list|pull|remove")
    shown = actions.add_parser("list", help="show what is here and what can be had (default)")
    pull = actions.add_parser("pull", help="download and convert weights")
    pull.add_argument("name", metavar="NAME", help="a name from the list, or a local GGUF file")
    remove = actions.add_parser("remove", help="delete weights from the store")
    remove.add_argument("name", metavar="NAME", help="a name from the list")
    for each in (parser, shown, pull, remove):
        _add_options(each)
    parser.set_defaults(action="list", json=False, offline=False)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add options that may stand before and after the action; absent ones set nothing."""
    for option, text in (
        ("--json", "print the result as JSON"),
        ("--offline", "forbid every download"),
    ):
        parser.add_argument(option, action="store_true", default=argparse.SUPPRESS, help=text)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked. Returns 0 if it is done, 1 if it failed, 2 if the call was wrong."""
    stores = _Stores(
        ModelStore(offline=arguments.offline), encoder_store(offline=arguments.offline)
    )
    try:
        return _ACTIONS[arguments.action](stores, arguments)
    except ModelNotFoundError as error:
        return _complain(str(error), 2)
    except ModelError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain("Stopped; what has been downloaded is kept for the next pull.", 1)


class _Stores(NamedTuple):
    """Models that write code, and text encoders, which cannot."""

    models: ModelStore
    encoders: ModelStore

    def of(self, name: str) -> ModelStore:
        """Return the store that has to do with a name; models have all but encoders' names."""
        known = {status.name for status in self.encoders.statuses()}
        return self.encoders if name.lower() in known else self.models


def _list(stores: _Stores, arguments: argparse.Namespace) -> int:
    models, encoders = stores.models.statuses(), stores.encoders.statuses()
    if arguments.json:
        print_json(
            {
                "directory": str(stores.models.directory),
                "models": [_as_json(status) for status in models],
                "encoder_directory": str(stores.encoders.directory),
                "encoders": [_as_json(status) for status in encoders],
            }
        )
        return 0
    console = Console()
    is_wide = console.width >= _WIDE_COLUMNS
    console.print(_table(models, is_wide=is_wide))
    console.print(f"Kept in {stores.models.directory}", soft_wrap=True, highlight=False)
    console.print("\nText encoders, for finding what helps; they write nothing:")
    console.print(_table(encoders, is_wide=is_wide))
    console.print(f"Kept in {stores.encoders.directory}", soft_wrap=True, highlight=False)
    return 0


def _pull(stores: _Stores, arguments: argparse.Namespace) -> int:
    store = stores.of(arguments.name)
    with _stop_on_termination(), shown_progress() as progress:
        folder = store.pull(arguments.name, progress)
    if arguments.json:
        status = next((s for s in store.statuses() if s.path == folder), None)
        result = _as_json(status) if status else {"name": arguments.name, "path": str(folder)}
        print_json(result)
    else:
        print(folder)
    return 0


def _remove(stores: _Stores, arguments: argparse.Namespace) -> int:
    freed_bytes = stores.of(arguments.name).remove(arguments.name)
    if arguments.json:
        print_json({"name": arguments.name, "freed_bytes": freed_bytes})
    else:
        print(f"Removed {arguments.name}, {in_words(freed_bytes)}.")
    return 0


_ACTIONS = {"list": _list, "pull": _pull, "remove": _remove}


def _as_json(status: ModelStatus) -> dict[str, Any]:
    """Return everything known about a model, as plain data."""
    entry = _entry(status)
    return {
        "name": status.name,
        "title": entry.title if entry else None,
        "license": entry.license if entry else None,
        "parameters": entry.parameters if entry else None,
        "model_type": entry.model_type if entry else None,
        "description": entry.description if entry else None,
        "default": status.name == DEFAULT_MODEL,
        "download_bytes": entry.download_bytes if entry else None,
        "sha256": entry.sha256 if entry else None,
        "state": status.state,
        "bytes_on_disk": status.bytes_on_disk,
        "path": str(status.path) if status.path else None,
        "origin": asdict(status.origin) if status.origin else None,
    }


def _entry(status: ModelStatus) -> CatalogueEntry | None:
    return find(status.name) or find(status.name, ENCODERS)


def _table(statuses: list[ModelStatus], *, is_wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", min_width=max(len(status.name) for status in statuses))
    table.add_column("state", min_width=len(ModelState.DAMAGED))
    table.add_column("on disk", justify="right", min_width=len("on disk"))
    table.add_column("download", justify="right", min_width=len("download"))
    table.add_column("license", no_wrap=True, overflow="ellipsis")
    if is_wide:
        table.add_column("what it is", no_wrap=True, overflow="ellipsis")
    for status in statuses:
        table.add_row(*_cells(status)[: len(table.columns)])
    return table


def _cells(status: ModelStatus) -> tuple[str, ...]:
    entry, style = _entry(status), _STYLES[status.state]
    download = in_words(entry.download_bytes) if entry and entry.download_bytes else "?"
    return (
        status.name,
        f"[{style}]{status.state}[/{style}]",
        in_words(status.bytes_on_disk) if status.bytes_on_disk else "-",
        download if entry else "-",
        entry.license if entry else "-",
        entry.description if entry else "From a local GGUF file.",
    )


@contextmanager
def _stop_on_termination() -> Iterator[None]:
    """Let SIGTERM stop the work as Ctrl-C does, so that child processes are ended too."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(sentence: str, exit_code: int) -> int:
    print(f"warmline: {sentence}", file=sys.stderr)
    return exit_code
