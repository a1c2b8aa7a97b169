"""What second-stage encoders cost: one query, and a hundred chunks that nobody has seen yet.

The kinds of rows:

- `encode`: `texts_s`, chunks a second, a hundred of them at once; `query_ms`, one text before a
  cursor; `text_cpu_ms` and `query_cpu_ms`, the processor's time for either, all threads together.
- `load`: `load_ms` until the encoder is in memory, its files being there already, and torch too
  where it needs that; `weights_mb`, what it takes there.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, process_time
from typing import NamedTuple

from evaluation.bench.serving.sources import library_texts
from evaluation.report import Parameter, Row, summarise
from retrieval.chunking import chunks_of
from retrieval.query import query_of
from retrieval.types import Chunk, Encoder, Place

NUM_CHUNKS = 100
QUERIES_PER_REPEAT = 5
WARM_UP = "one round of everything"

_UNITS = {
    "texts_s": "texts/s",
    "text_cpu_ms": "ms",
    "query_ms": "ms",
    "query_cpu_ms": "ms",
    "load_ms": "ms",
    "weights_mb": "MB",
}
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


class _Timing(NamedTuple):
    wall_ms: float
    processor_ms: float  # of all threads together


@dataclass(frozen=True, slots=True)
class _Timings:
    """Of one encoder."""

    chunks: list[_Timing] = field(default_factory=list)
    queries: list[_Timing] = field(default_factory=list)


def measure_encoders(
    arms: Sequence[EncoderArm], task: EncoderTask, repeats: int, on_step: OnStep
) -> list[Row]:
    """Measure all arms by turns, so that what disturbs the machine disturbs all alike."""
    timings = [_Timings() for _ in arms]
    for repeat in range(repeats + 1):  # the first round counts nothing
        on_step(f"round {repeat} of {repeats}")
        queries = task.queries[repeat * QUERIES_PER_REPEAT :][:QUERIES_PER_REPEAT]
        for arm, own in zip(arms, timings, strict=True):
            chunks = _timed(partial(arm.encoder.encode_chunks, task.chunks))
            asked = [_timed(partial(arm.encoder.encode_queries, [each])) for each in queries]
            if repeat:
                own.chunks.append(chunks)
                own.queries.extend(asked)
    return [row for arm, own in zip(arms, timings, strict=True) for row in _rows(arm, task, own)]


def _rows(arm: EncoderArm, task: EncoderTask, timings: _Timings) -> list[Row]:
    num_texts = len(task.chunks)
    params = {**arm.params, "texts": num_texts, "warm_up": WARM_UP}
    figures = (
        ("encode", "texts_s", [1000 * num_texts / each.wall_ms for each in timings.chunks]),
        ("encode", "text_cpu_ms", [each.processor_ms / num_texts for each in timings.chunks]),
        ("encode", "query_ms", [each.wall_ms for each in timings.queries]),
        ("encode", "query_cpu_ms", [each.processor_ms for each in timings.queries]),
        ("load", "load_ms", [arm.load_ms]),
        ("load", "weights_mb", [arm.weights_mb]),
    )
    return [
        summarise(kind, arm.name, metric, values, _UNITS[metric], params=params)
        for kind, metric, values in figures
    ]


def _timed(work: Callable[[], object]) -> _Timing:
    wall_s, processor_s = perf_counter(), process_time()
    work()
    return _Timing(1000 * (perf_counter() - wall_s), 1000 * (process_time() - processor_s))
