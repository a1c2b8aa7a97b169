"""`warmline bench serve` in its smallest form: real processes, and rows of the right shape."""

from pathlib import Path

import pytest

from engine.settings import EngineSettings
from evaluation.bench.serving.plan import ServePlan
from evaluation.bench.serving.run import run_serve_bench
from evaluation.report import Row

pytestmark = pytest.mark.e2e

TINY = ServePlan(
    server_starts=1,
    engine_starts=1,
    file_characters=2_000,
    typing_s=2.0,
    idle_s=0.5,
    document_counts=(1, 2),
    document_characters=1_000,
    edits=1,
    refresh_characters=8_000,
    refresh_requests=1,
)

FIGURES = {
    "start-server": {"initialize_ms", "first_request_ms"},
    "start-engine": {"ready_ms"},
    "steady-typing": {"server_cpu_s_per_minute", "engine_cpu_s_per_minute", "answered"},
    "idle": {"server_cpu_s_per_minute", "engine_cpu_s_per_minute"},
    "memory": {
        "server_rss_mb",
        "engine_rss_mb",
        "engine_anonymous_mb",
        "engine_weights_mb",
        "engine_cache_mb",
        "over_weights_and_cache_mb",
    },
    "documents@1": {"update_ms", "first_token_ms", "cache_mb", "evicted"},
    "documents@2": {"update_ms", "first_token_ms", "cache_mb", "evicted"},
    "refresh": {"first_token_ms", "first_token_p99_ms"},
}


def value(rows: list[Row], kind: str, metric: str) -> float:
    return next(row.value for row in rows if (row.kind, row.metric) == (kind, metric))


async def test_every_figure_is_there(warmline_command: Path, default_model_directory: Path) -> None:
    settings = EngineSettings(model=str(default_model_directory), offline=True)
    command = [str(warmline_command), "serve", "--model", settings.model]
    steps: list[str] = []
    rows = await run_serve_bench(command, settings, TINY, seed=0, on_step=steps.append)
    told = {kind: {row.metric for row in rows if row.kind == kind} for kind in FIGURES}
    told["steady-typing"] -= {"first_suggestion_ms"}  # missing where no request was fast enough
    assert told == FIGURES
    arms = {row.arm for row in rows}
    assert arms == {"warmline", "refreshing", "resting", "refreshing/resting"}
    assert len(steps) == 5
    assert value(rows, "memory", "engine_weights_mb") > 100
    assert value(rows, "documents@2", "cache_mb") > value(rows, "documents@1", "cache_mb")
    assert value(rows, "documents@2", "evicted") == 0
