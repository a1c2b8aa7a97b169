"""`warmline index [PATH]`: what the rest of a repository can tell the model."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.weights.disk import in_words
from retrieval.folders import Folders
from retrieval.lexical import LexicalIndex
from retrieval.reference import reference_scores
from retrieval.repository import RepositoryIndex, ScanReport
from retrieval.store import IndexStore, forget_indexes
from retrieval.types import Chunk
from warmline.errors import UsageError, WorkError
from warmline.indexing import index_directory
from warmline.options import add_json_option, positive_int, print_json

_SHOWN_REASONS = 12
_SHOWN_LINES = 4  # of a chunk
_SHOW_EVERY_S = 0.2
_LARGEST_DIFFERENCE = 1e-9


@dataclass(frozen=True, slots=True)
class _Made:
    """An index, and what it took."""

    repository: RepositoryIndex
    store: IndexStore
    store_bytes: int
    num_read: int
    was_kept: bool
    seconds: float


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "index",
        description=(
            "Build the index of a repository, or bring the one that was kept up to date, and show"
            " what is in it, what was left out, and why. .gitignore and .warmlineignore decide."
        ),
    )
    parser.add_argument(
        "folder",
        metavar="PATH",
        nargs="?",
        type=Path,
        default=Path(),
        help="a folder (the current one)",
    )
    parser.add_argument("--query", metavar="TEXT", help="search, by the words of TEXT")
    parser.add_argument(
        "-n", "--limit", type=positive_int, default=10, help="most chunks to find (10)"
    )
    parser.add_argument(
        "--verify", action="store_true", help="compare all scores of the search with rank-bm25's"
    )
    parser.add_argument("--left-out", action="store_true", help="list every file left out")
    parser.add_argument(
        "--forget", action="store_true", help="delete all indexes that were kept, of any folder"
    )
    parser.add_argument("--fresh", action="store_true", help="read everything, whatever was kept")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build or update the index, and show what was asked for."""
    if arguments.forget:
        return _forget(arguments)
    if arguments.verify and arguments.query is None:
        raise UsageError("--verify compares a search; name one with --query TEXT.")
    made = _make(arguments.folder, is_fresh=arguments.fresh)
    found, search_ms = _search(made, arguments.query or "", arguments.limit)
    difference = _difference(made, arguments.query) if arguments.verify else None
    if arguments.json:
        print_json(_as_json(made, found, search_ms, difference, arguments))
    elif arguments.query is not None:
        _print_found(found, search_ms, difference)
    else:
        _print_index(made, Console(highlight=False), is_whole=arguments.left_out)
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    num_forgotten = forget_indexes(index_directory())
    if arguments.json:
        print_json({"forgotten": num_forgotten})
    else:
        print(f"Deleted {num_forgotten} indexes from {index_directory()}.")
    return 0


def _make(path: Path, *, is_fresh: bool) -> _Made:
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}; name one that exists.")
    started = time.monotonic()
    folders = Folders([path])
    repository = RepositoryIndex(folders, LexicalIndex())
    store = IndexStore(index_directory(), folders)
    state = None if is_fresh else store.read()
    if state is not None:
        repository.restore(state)
    report = ScanReport()
    with _shown_progress() as show:
        for report in repository.scan():
            show(report, repository)
    try:
        store_bytes = store.write(repository.state())
    except OSError as error:
        raise WorkError(f"The index cannot be kept at {store.path}: {error}.") from error
    seconds = time.monotonic() - started
    return _Made(repository, store, store_bytes, report.num_read, state is not None, seconds)


def _search(made: _Made, query: str, limit: int) -> tuple[tuple[Chunk, ...], float]:
    started = time.perf_counter()
    found = made.repository.lexical.search(query, limit)
    return found, (time.perf_counter() - started) * 1e3


def _difference(made: _Made, query: str) -> float:
    """Return how far the index and rank-bm25 are apart, at most.

    Raises:
        WorkError: If that is more than rounding.
    """
    lexical = made.repository.lexical
    chunks = [chunk for path in lexical.paths for chunk in lexical.chunks(path)]
    wanted = {(each.path, each.start_line): each.score for each in reference_scores(query, chunks)}
    found = lexical.search(query, len(chunks))
    largest = max(
        (abs(each.score - wanted[each.path, each.start_line]) for each in found), default=0.0
    )
    if largest > _LARGEST_DIFFERENCE:
        raise WorkError(
            f"The index and rank-bm25 differ by {largest:.3g}; this is an error in Warmline."
        )
    return largest


def _as_json(
    made: _Made,
    found: tuple[Chunk, ...],
    search_ms: float,
    difference: float | None,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    repository = made.repository
    result: dict[str, Any] = {
        "folder": _root_of(repository),
        "files": len(repository.lexical.paths),
        "chunks": repository.lexical.num_chunks,
        "files_read": made.num_read,
        "seconds": made.seconds,
        "store": {
            "path": str(made.store.path),
            "bytes": made.store_bytes,
            "was_kept": made.was_kept,
        },
        "left_out": [
            {"path": path, "reason": reason} for path, reason in repository.left_out.items()
        ],
    }
    if arguments.query is not None:
        result["found"] = [asdict(chunk) for chunk in found]
        result["search_ms"] = search_ms
    if difference is not None:
        result["difference_from_rank_bm25"] = difference
    return result


def _print_index(made: _Made, console: Console, *, is_whole: bool) -> None:
    repository = made.repository
    lexical = repository.lexical
    console.print(_root_of(repository), soft_wrap=True, markup=False, style="bold")
    console.print(f"{len(lexical.paths):,} files in {lexical.num_chunks:,} chunks")
    since = "changed since the last time" if made.was_kept else "read"
    console.print(f"{made.num_read:,} {since}, {made.seconds:.1f} s")
    console.print(
        f"kept in {made.store.path}, {in_words(made.store_bytes)}", soft_wrap=True, markup=False
    )
    if repository.left_out:
        console.print(f"\n{len(repository.left_out):,} left out", style="bold")
        console.print(_all_left_out(repository) if is_whole else _reasons(repository))


def _root_of(repository: RepositoryIndex) -> str:
    (folder,) = repository.folders
    return str(folder.root)


def _reasons(repository: RepositoryIndex) -> Table:
    examples = {reason: path for path, reason in reversed(repository.left_out.items())}
    counts = Counter(repository.left_out.values())
    table = Table(box=None, pad_edge=False, show_header=False)
    for reason, count in counts.most_common(_SHOWN_REASONS):
        table.add_row(f"{count:6,}", Text(reason), Text(examples[reason]))
    if len(counts) > _SHOWN_REASONS:
        rest = counts.total() - sum(count for _, count in counts.most_common(_SHOWN_REASONS))
        table.add_row(f"{rest:6,}", "for other reasons", "--left-out lists them all")
    return table


def _all_left_out(repository: RepositoryIndex) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for path, reason in sorted(repository.left_out.items()):
        table.add_row(Text(path), Text(reason))
    return table


def _print_found(found: tuple[Chunk, ...], search_ms: float, difference: float | None) -> None:
    for chunk in found:
        print(f"{chunk.score:7.2f}  {_printable(chunk.path)}:{chunk.start_line + 1}")
        lines = chunk.text.split("\n")
        for line in lines[:_SHOWN_LINES]:
            print(f"         | {_printable(line)}")
        if len(lines) > _SHOWN_LINES:
            print(f"         | ... {len(lines) - _SHOWN_LINES} more lines")
    print(f"{len(found)} chunks in {search_ms:.1f} ms", file=sys.stderr)
    if difference is not None:
        print(f"rank-bm25 gives the same scores within {difference:.1g}", file=sys.stderr)


def _printable(text: str) -> str:
    """Replace what would steer a terminal: the text is somebody else's."""
    return "".join(each if each.isprintable() or each == "\t" else "�" for each in text)


@contextmanager
def _shown_progress() -> Iterator[Callable[[ScanReport, RepositoryIndex], None]]:
    """Give a function that shows how far a scan is, now and then, if anybody looks."""
    console = Console(stderr=True, highlight=False)
    shown_at_s = time.monotonic()
    with console.status("looking for files") as status:

        def show(report: ScanReport, repository: RepositoryIndex) -> None:
            nonlocal shown_at_s
            if time.monotonic() - shown_at_s > _SHOW_EVERY_S:
                shown_at_s = time.monotonic()
                chunks = f"{repository.lexical.num_chunks:,} chunks"
                status.update(f"{report.num_files:,} files, {report.num_read:,} read, {chunks}")

        yield show
