"""`warmline bench retrieval`: indexing a repository, changing it, and searching in it.

All of it happens in this process, as it does in the server. The kinds of rows, where N is how
many chunks or lines there really were:

- `index@N lines`: `build_s` from files on a disk until all are searched, in the background and
  resting as much as working; and `chunks`.
- `edit@N chunks`: `seen_ms` from a line written into an open file until a question finds it.
- `typing@N chunks`, `jumping@N chunks`: `query_ms` from question to answer, its 95th percentile
  `query_p95_ms`, the two stages' `lexical_ms` and `encoder_ms`, and the processor's
  `query_cpu_ms`, which says more on a busy machine. Questions are asked at the ends of lines:
  one after the other in a file, so that most vectors are in memory; or each in another file.
  The arms have both stages (`two-stage`) or the first one only (`bm25`).
- `memory@N chunks`: `rss_mb` of the process when all is over.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time

from evaluation.bench.memory import process_memory
from evaluation.bench.searching.repository import Texts, first_lines, jumping, typing
from evaluation.errors import CannotMeasureError, UnexpectedResultError
from evaluation.report import Row, summarise, summarise_percentile
from retrieval.live_index import LiveIndex
from retrieval.model import RetrieverModel
from retrieval.ranker import LearnedRanker
from retrieval.two_stage import TwoStageRetriever
from retrieval.types import Place, Retrieval, Retriever

OnStep = Callable[[str], None]
"""Called with what is measured next."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How much to measure.

    Attributes:
        num_lines: Of the repository that is indexed from nothing.
        num_chunks: Of the repository that is searched.
        builds: How often it is indexed.
        queries: How many questions of each kind, for each arm.
        edits: How many lines are written.
    """

    num_lines: int
    num_chunks: int
    builds: int
    queries: int
    edits: int


FULL_PLAN = SearchPlan(num_lines=100_000, num_chunks=20_000, builds=3, queries=400, edits=100)
QUICK_PLAN = SearchPlan(num_lines=20_000, num_chunks=4_000, builds=1, queries=60, edits=20)

_INDEXING_TIMEOUT_S = 600.0

Places = Callable[[Texts, random.Random], Iterator[Place]]

_PLACES: Mapping[str, Places] = {"typing": typing, "jumping": jumping}


async def run_search_bench(
    texts: Texts, plan: SearchPlan, model: RetrieverModel, seed: int, on_step: OnStep
) -> list[Row]:
    """Measure what searching a repository costs.

    Args:
        texts: A repository of about `plan.num_chunks` chunks.
        plan: How much to measure.
        model: Of the second stage.
        seed: Decides about places.
        on_step: Hears what is measured next.

    Raises:
        CannotMeasureError: If no file is long enough to write in, or indexing takes too long.
        UnexpectedResultError: If a written line is not found.
    """
    on_step("indexing")
    rows = _build_rows(first_lines(texts, plan.num_lines), plan.builds)
    on_step("indexing all of it")
    with files_on_disk(texts) as folder, live_index(folder) as index:
        on_step("writing lines")
        rows += _edit_rows(index, texts, plan.edits, random.Random(seed))  # noqa: S311
        arms: dict[str, Retriever] = {
            "two-stage": TwoStageRetriever(index, LearnedRanker(model)),
            "bm25": TwoStageRetriever(index),
        }
        for name, places in _PLACES.items():
            for arm, retriever in arms.items():
                on_step(f"searching: {name}, {arm}")
                asked = islice(places(texts, random.Random(seed)), plan.queries)  # noqa: S311
                answers = [await _asked(retriever, place) for place in asked]
                rows += _query_rows(f"{name}@{index.num_chunks} chunks", arm, answers)
        if (used_mb := process_memory(None).steady_mb) is not None:
            kind = f"memory@{index.num_chunks} chunks"
            rows.append(summarise(kind, "warmline", "rss_mb", [used_mb], "MB"))
    return rows


@contextmanager
def files_on_disk(texts: Texts) -> Iterator[Path]:
    """Give a folder that holds some files for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as folder:
        for path, text in texts.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode("utf-8"))
        yield Path(folder)


@contextmanager
def live_index(folder: Path) -> Iterator[LiveIndex]:
    """Give an index that has read a folder from nothing."""
    index = LiveIndex([folder])
    index.start()
    try:
        if not index.wait_until_ready(_INDEXING_TIMEOUT_S):
            raise CannotMeasureError(f"indexing took more than {_INDEXING_TIMEOUT_S:.0f} s")
        yield index
    finally:
        index.stop()


def _build_rows(texts: Texts, builds: int) -> list[Row]:
    times_s, num_chunks = [], 0
    with files_on_disk(texts) as folder:
        for _ in range(builds):
            start = perf_counter()
            with live_index(folder) as index:
                times_s.append(perf_counter() - start)
                num_chunks = index.num_chunks
    kind = f"index@{sum(text.count(chr(10)) for text in texts.values())} lines"
    return [
        summarise(kind, "warmline", "build_s", times_s, "s"),
        summarise(kind, "warmline", "chunks", [num_chunks], "chunks"),
    ]


def _edit_rows(index: LiveIndex, texts: Texts, edits: int, chance: random.Random) -> list[Row]:
    times_ms = []
    for number, place in enumerate(islice(jumping(texts, chance), edits)):
        name = f"written_{number}_just_now"
        edited = f"{place.text[: place.offset]}\n{name} = 1{place.text[place.offset :]}"
        start = perf_counter()
        index.set_open_text(place.path, edited)
        (found,) = index.search(name, 1)
        times_ms.append(1000 * (perf_counter() - start))
        if name not in found.text:
            raise UnexpectedResultError(f"a line written into {place.path} was not found")
        index.close_text(place.path)
    if not times_ms:
        raise CannotMeasureError("no file of the repository is long enough to write in")
    kind = f"edit@{index.num_chunks} chunks"
    return [summarise(kind, "warmline", "seen_ms", times_ms, "ms")]


@dataclass(frozen=True, slots=True)
class _Answer:
    """One question's answer, and what it took from question to answer."""

    found: Retrieval
    ms: float
    cpu_ms: float  # of the whole process


async def _asked(retriever: Retriever, place: Place) -> _Answer:
    start, cpu_start = perf_counter(), process_time()
    found = await retriever.retrieve(place)
    return _Answer(found, 1000 * (perf_counter() - start), 1000 * (process_time() - cpu_start))


def _query_rows(kind: str, arm: str, answers: Sequence[_Answer]) -> list[Row]:
    times_ms = [each.ms for each in answers]
    rows = [
        summarise(kind, arm, "query_ms", times_ms, "ms"),
        summarise_percentile(kind, arm, "query_p95_ms", times_ms, "ms", percent=95),
        summarise(kind, arm, "query_cpu_ms", [each.cpu_ms for each in answers], "ms"),
        summarise(kind, arm, "lexical_ms", [each.found.lexical_ms for each in answers], "ms"),
    ]
    if arm != "bm25":
        encoder_ms = [each.found.encoder_ms for each in answers]
        rows.append(summarise(kind, arm, "encoder_ms", encoder_ms, "ms"))
    return rows
