"""What second-stage encoders cost: one query, and a hundred chunks that nobody has seen yet.

The kinds of rows:

- `encode`: `texts_s`, chunks a second, a hundred of them at once; `query_ms`, one text before a
  cursor.
- `load`: `load_ms` until the encoder is in memory, its files being there already, and torch too
  where it needs that; `weights_mb`, what it takes there.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from evaluation.bench.serving.sources import library_texts
from evaluation.report import Parameter, Row, summarise
from retrieval.chunking import chunks_of
from retrieval.query import query_of
from retrieval.types import Chunk, Encoder, Place

NUM_CHUNKS = 100
QUERIES_PER_REPEAT = 5
WARM_UP = "one round of everything"

_NUM_FILES = 20
_FILE_CHARACTERS = 12_000

OnStep = Callable[[str], None]
"""Called with what is measured next."""


@dataclass(frozen=True, slots=True)
class EncoderArm:
    """An encoder in memory, and what it took to get it there."""

    name: str
    encoder: Encoder
    load_ms: float
    weights_mb: float
    params: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class EncoderTask:
    """The same for all encoders."""

    chunks: tuple[Chunk, ...]
    queries: tuple[str, ...]


def encoder_task(seed: int, repeats: int) -> EncoderTask:
    """Choose chunks and cursors in Python's own library."""
    chance = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    texts = library_texts(_NUM_FILES, _FILE_CHARACTERS)
    chunks = [chunk for at, text in enumerate(texts) for chunk in chunks_of(f"m{at}.py", text)]
    places = [
        Place("here.py", text, chance.randrange(len(text) // 2, len(text)))
        for text in chance.choices(texts, k=(repeats + 1) * QUERIES_PER_REPEAT)
    ]
    queries = tuple(query_of(place) for place in places)
    return EncoderTask(tuple(chance.sample(chunks, NUM_CHUNKS)), queries)


def measure_encoders(
    arms: Sequence[EncoderArm], task: EncoderTask, repeats: int, on_step: OnStep
) -> list[Row]:
    """Measure all arms by turns, so that what disturbs the machine disturbs all alike."""
    chunk_s: dict[int, list[float]] = {at: [] for at in range(len(arms))}
    query_ms: dict[int, list[float]] = {at: [] for at in range(len(arms))}
    for repeat in range(repeats + 1):  # the first round counts nothing
        on_step(f"round {repeat} of {repeats}")
        queries = task.queries[repeat * QUERIES_PER_REPEAT :][:QUERIES_PER_REPEAT]
        for at, arm in enumerate(arms):
            seconds = _seconds(partial(arm.encoder.encode_chunks, task.chunks))
            asked = [_seconds(partial(arm.encoder.encode_queries, [each])) for each in queries]
            if repeat:
                chunk_s[at].append(seconds)
                query_ms[at] += [1000 * each for each in asked]
    return [
        row for at, arm in enumerate(arms) for row in _rows(arm, task, chunk_s[at], query_ms[at])
    ]


def _rows(
    arm: EncoderArm, task: EncoderTask, chunk_s: list[float], query_ms: list[float]
) -> list[Row]:
    params = {**arm.params, "texts": len(task.chunks), "warm_up": WARM_UP}
    texts_s = [len(task.chunks) / seconds for seconds in chunk_s]
    return [
        summarise("encode", arm.name, "texts_s", texts_s, "texts/s", params=params),
        summarise("encode", arm.name, "query_ms", query_ms, "ms", params=params),
        summarise("load", arm.name, "load_ms", [arm.load_ms], "ms", params=params),
        summarise("load", arm.name, "weights_mb", [arm.weights_mb], "MB", params=params),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
