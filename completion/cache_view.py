"""A live cache for people: its runs with the text they stand for."""

from dataclasses import dataclass

from completion.tokenization import Tokenization
from engine.protocol.messages import CacheMap, SyncReport


@dataclass(frozen=True, slots=True)
class CacheViewRun:
    """A run of tokens in the same state, [start, stop), and its text.

    A character whose bytes two runs share is shown as U+FFFD in both.
    """

    start: int
    stop: int
    origin: str  # "kept", "moved" or "encoded"
    is_exact: bool
    text: str


@dataclass(frozen=True, slots=True)
class CacheView:
    """One live cache as it is now."""

    document: str
    runs: tuple[CacheViewRun, ...]
    num_tokens: int
    exact_prefix: int
    num_kept: int
    num_moved: int
    num_encoded: int
    bytes_used: int
    last_sync: SyncReport | None


def view_of(cache: CacheMap, tokenization: Tokenization) -> CacheView:
    """Put the text to each run."""
    runs = tuple(
        CacheViewRun(
            run.start,
            run.stop,
            run.origin,
            run.is_exact,
            tokenization.decode(list(cache.tokens[run.start : run.stop])),
        )
        for run in cache.runs
    )
    return CacheView(
        document=cache.document,
        runs=runs,
        num_tokens=len(cache.tokens),
        exact_prefix=cache.exact_prefix,
        num_kept=_num_tokens(runs, "kept"),
        num_moved=_num_tokens(runs, "moved"),
        num_encoded=_num_tokens(runs, "encoded"),
        bytes_used=cache.bytes_used,
        last_sync=cache.last_sync,
    )


def _num_tokens(runs: tuple[CacheViewRun, ...], origin: str) -> int:
    return sum(run.stop - run.start for run in runs if run.origin == origin)
