"""What server and engine use while somebody types, and while nobody does."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from engine.weights.location import packed_folder
from evaluation.bench.serving.plan import ServePlan
from evaluation.bench.serving.processes import cpu_seconds, files_in, memory_use
from evaluation.bench.serving.typing_trace import typing_trace
from evaluation.bench.serving.typist import DEBOUNCE_S, Typist
from evaluation.editor import Editor
from evaluation.errors import NoAnswerError
from evaluation.report import Parameter, Row, summarise

CHARACTERS_PER_S = 5.0
_REST_TIMEOUT_S = 300.0
_REST_WINDOW_S = 3.0  # longer than the pause the engine makes before it goes on by itself
_REST_SHARE = 0.05  # of a core
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Processes:
    """The two processes behind a window."""

    server_pid: int
    engine_pid: int

    def cpu_seconds(self) -> tuple[float, float]:
        """Return what server and engine have used so far."""
        return cpu_seconds(self.server_pid), cpu_seconds(self.engine_pid)


async def use_rows(
    editor: Editor, uri: str, text: str, plan: ServePlan, generator: random.Random
) -> list[Row]:
    """Open `text`, type in its middle, do nothing for a while, and see what that took.

    What is typed is the file's own text, taken out of it before.
    """
    processes = await _processes(editor)
    num_typed = round(plan.typing_s * CHARACTERS_PER_S)
    start = text.rindex("\n", 0, len(text) // 2) + 1
    await editor.open(uri, "python", text[:start] + text[start + num_typed :])
    await editor.complete(uri, start)
    typed = text[start : start + num_typed]
    rows = await _typing_rows(Typist(editor, uri, start), processes, typed, generator)
    await _until_at_rest(editor, uri, processes)
    rows += await _idle_rows(processes, plan.idle_s)
    rows += await _memory_rows(editor, processes)
    await editor.close(uri)
    return rows


async def _processes(editor: Editor) -> Processes:
    status = await editor.status()
    return Processes(status["server"]["pid"], status["engine"]["pid"])


async def _typing_rows(
    typist: Typist, processes: Processes, typed: str, generator: random.Random
) -> list[Row]:
    trace = typing_trace(typed, CHARACTERS_PER_S, generator)
    before, began_s = processes.cpu_seconds(), time.monotonic()
    record = await typist.type_along(trace)
    minutes = (time.monotonic() - began_s) / 60
    params: dict[str, Parameter] = {
        "characters_per_s": CHARACTERS_PER_S,
        "debounce_ms": 1000 * DEBOUNCE_S,
        "keys": len(trace),
        "requests": record.num_asked,
    }
    kind = "steady-typing"
    rows = _cpu_rows(kind, processes, before, minutes, params)
    rows.append(_row(kind, "answered", record.answered_share, "share", params))
    if record.answer_ms:
        rows.append(
            summarise(
                kind, "warmline", "first_suggestion_ms", record.answer_ms, "ms", params=params
            )
        )
    return rows


async def _idle_rows(processes: Processes, idle_s: float) -> list[Row]:
    before, began_s = processes.cpu_seconds(), time.monotonic()
    await asyncio.sleep(idle_s)
    minutes = (time.monotonic() - began_s) / 60
    return _cpu_rows("idle", processes, before, minutes, {"seconds": idle_s})


def _cpu_rows(
    kind: str,
    processes: Processes,
    before: tuple[float, float],
    minutes: float,
    params: dict[str, Parameter],
) -> list[Row]:
    names = ("server_cpu_s_per_minute", "engine_cpu_s_per_minute")
    used = zip(names, before, processes.cpu_seconds(), strict=True)
    return [
        _row(kind, name, (after_s - before_s) / minutes, "s/min", params)
        for name, before_s, after_s in used
    ]


async def _memory_rows(editor: Editor, processes: Processes) -> list[Row]:
    status = (await editor.status())["engine"]
    weight_files = files_in(Path(status["state"]["model"]["directory"]))
    weight_files |= files_in(packed_folder())
    server = memory_use(processes.server_pid, ())
    engine = memory_use(processes.engine_pid, weight_files)
    weights_bytes = engine.weights_bytes + status["weights_bytes"]
    over_bytes = engine.resident_bytes - weights_bytes - status["cache_bytes"]
    figures = {
        "server_rss_mb": server.resident_bytes,
        "engine_rss_mb": engine.resident_bytes,
        "engine_anonymous_mb": engine.anonymous_bytes,
        "engine_weights_mb": weights_bytes,
        "engine_cache_mb": status["cache_bytes"],
        "over_weights_and_cache_mb": over_bytes,
    }
    return [_row("memory", name, size / _MEGABYTE, "MB", {}) for name, size in figures.items()]


async def _until_at_rest(editor: Editor, uri: str, processes: Processes) -> None:
    """Wait until the engine has made a document exact.

    It is asked only when it seems to do nothing, because a question interrupts it.

    Raises:
        NoAnswerError: If it does not come to an end.
    """
    try:
        async with asyncio.timeout(_REST_TIMEOUT_S):
            while not (await _rests(processes) and await _is_exact(editor, uri)):
                pass
    except TimeoutError:
        raise NoAnswerError(
            f"the engine was still busy {_REST_TIMEOUT_S:g} s after the typing"
        ) from None


async def _rests(processes: Processes) -> bool:
    """Watch the engine for a while."""
    before_s = cpu_seconds(processes.engine_pid)
    await asyncio.sleep(_REST_WINDOW_S)
    return cpu_seconds(processes.engine_pid) - before_s < _REST_SHARE * _REST_WINDOW_S


async def _is_exact(editor: Editor, uri: str) -> bool:
    return all(run.is_exact for run in (await editor.cache(uri)).runs)


def _row(kind: str, metric: str, value: float, unit: str, params: dict[str, Parameter]) -> Row:
    return summarise(kind, "warmline", metric, [value], unit, params=params)
