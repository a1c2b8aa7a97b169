"""`warmline bench serve`: start-up, typing, idleness, memory and many open documents.

Every figure is of real processes: `warmline serve` over its standard streams, and the engine
it starts. The kinds of rows:

- `start-server`: `initialize_ms` from the start of the process until `initialize` is answered,
  `first_request_ms` until a request sent behind it is.
- `start-engine`: `ready_ms` from the start of the process until the model is loaded, its files
  being in memory already.
- `steady-typing`: `server_cpu_s_per_minute` and `engine_cpu_s_per_minute`; `answered`, the share
  of requests that got a suggestion before the next key; `first_suggestion_ms` from a key to its
  suggestion, the editor's wait before asking included.
- `idle`: the same two figures when everything is done and nobody types.
- `memory`: what both processes have in RAM; `over_weights_and_cache_mb` is the engine without
  weights mapped from files and without live caches.
- `documents@N`: with N open documents, `update_ms` after an edit in the one left alone longest,
  `first_token_ms` of a suggestion there, `cache_mb`, and how many documents were `evicted`.
- `refresh`: `first_token_ms` and `first_token_p99_ms` after a key pressed while a refresh is
  under way (`refreshing`) and while none may be (`resting`), by turns, in an engine within this
  process; `refreshing/resting` compares them.
"""

import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engine.settings import EngineSettings
from evaluation.bench.serving.documents import documents_rows
from evaluation.bench.serving.plan import ServePlan
from evaluation.bench.serving.private_engine import private_engines, stop_engine
from evaluation.bench.serving.refreshing import refresh_rows
from evaluation.bench.serving.sources import library_texts
from evaluation.bench.serving.starts import start_engine_rows, start_server_rows
from evaluation.bench.serving.typist import WAITS_ITSELF
from evaluation.bench.serving.use import use_rows
from evaluation.editor import Editor
from evaluation.framing import Json
from evaluation.lsp_client import language_server
from evaluation.report import Row

KINDS = ("start", "use", "documents", "refresh")
"""What can be measured by itself."""

OnStep = Callable[[str], None]
"""Called with what is measured next."""

# Reading a long file must not be cut short, and documents opened together must not be in each
# other's prompts: what is measured is what one costs.
_PATIENCE = {"timeoutMs": 290_000, "contextTokens": 0}
_ONE_TOKEN = _PATIENCE | {"maxTokens": 1, "prepareOnOpen": False}


async def run_serve_bench(
    command: Sequence[str],
    settings: EngineSettings,
    plan: ServePlan,
    seed: int,
    on_step: OnStep,
    *,
    kinds: Sequence[str] = KINDS,
) -> list[Row]:
    """Measure what being served costs.

    Args:
        command: Starts the language server for the model of `settings`.
        settings: Of the engines that are started here.
        plan: How much to measure.
        seed: Decides the pace of typing, and when requests come.
        on_step: Hears what is measured next.
        kinds: Which of `KINDS` to measure.

    Raises:
        EvaluationError: If a process fails, or what it tells cannot be true.
        EngineError: If there is no engine.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as folder:
        async with private_engines(settings):
            if "start" in kinds:
                on_step("starting the server")
                rows += await start_server_rows(command, plan.server_starts)
                on_step("starting the engine")
                rows += await start_engine_rows(settings, plan.engine_starts)
            if "use" in kinds:
                on_step("typing, and doing nothing")
                async with _window(command, _PATIENCE | WAITS_ITSELF) as editor:
                    rows += await _typist_rows(editor, Path(folder), plan, seed)
            if "documents" in kinds:
                on_step("opening many documents")
                await stop_engine(settings)  # its caches would be counted
                async with _window(command, _ONE_TOKEN) as editor:
                    rows += await documents_rows(editor, Path(folder), plan)
            if "refresh" in kinds:
                on_step("asking in the middle of a refresh")
                await stop_engine(settings)  # it would be in memory beside the one measured now
                rows += await refresh_rows(settings, plan, random.Random(seed))  # noqa: S311
    return rows


@asynccontextmanager
async def _window(command: Sequence[str], settings: dict[str, Json]) -> AsyncIterator[Editor]:
    async with language_server(command) as client:
        editor = Editor(client)
        await editor.initialize(settings, lambda _, __: None)
        yield editor


async def _typist_rows(editor: Editor, folder: Path, plan: ServePlan, seed: int) -> list[Row]:
    (text,) = library_texts(1, plan.file_characters)
    uri = (folder / "typed.py").as_uri()
    return await use_rows(editor, uri, text, plan, random.Random(seed))  # noqa: S311  # no secret
