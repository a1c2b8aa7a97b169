"""What a real server counts of suggestions, and where it shows that: in requests and on disk."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lsp_server.figures_file import running_windows
from tests.e2e.knowing_window import BEFORE, LINE, A, Window, knowing_window
from warmline.main import main

pytestmark = pytest.mark.e2e


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A runtime folder that no other server uses."""
    folder = tmp_path / "run"
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
async def window(runtime: Path, tmp_path: Path) -> AsyncIterator[Window]:
    async with knowing_window(tmp_path) as window:
        yield window
    assert not everything_in(runtime), "the window has left something behind"


async def metrics_of(window: Window) -> Any:
    return (await window.ask("warmline/status")).metrics


def files_of(runtime: Path) -> list[Path]:
    return [path for path in everything_in(runtime) if path.suffix == ".json"]


def everything_in(runtime: Path) -> list[Path]:
    return sorted(runtime.glob("window-*"))


async def test_what_is_accepted_is_counted_and_undone_again(window: Window) -> None:
    """No client says so: it is inferred from edits alone."""
    assert await window.complete() == LINE
    window.type(LINE)
    counts = (await metrics_of(window)).suggestions
    assert (counts.offered, counts.shown, counts.accepted, counts.accepted_whole) == (1, 1, 1, 1)
    window.delete(len(LINE))
    counts = (await metrics_of(window)).suggestions
    assert (counts.accepted, counts.taken_back, counts.acceptance) == (1, 1, 0)


async def test_typing_along_is_no_acceptance_and_costs_no_answer_of_the_model(
    window: Window,
) -> None:
    assert await window.complete() == LINE
    for number, letter in enumerate(LINE[:4], start=1):
        window.type(letter)
        assert await window.complete() == LINE[number:]
    window.type(LINE[4:])  # and the rest at once
    metrics = await metrics_of(window)
    assert (metrics.answers.model, metrics.answers.typed_along) == (1, 4)
    counts = metrics.suggestions
    assert (counts.offered, counts.typed_along, counts.accepted_whole) == (1, 1, 1)
    assert metrics.latency_ms.total.n == 1
    assert metrics.latency_ms.reused.n == 4
    assert metrics.tokens.encoded > 0


async def test_a_client_that_reports_is_believed(window: Window) -> None:
    assert await window.complete() == LINE
    item = {"item": {"insertText": LINE, "range": None}}
    window.client.protocol.notify("textDocument/didShowCompletion", item)
    assert (await metrics_of(window)).suggestions.shown == 1
    window.type("va")
    told = {**item, "acceptedLength": 2}
    window.client.protocol.notify("textDocument/didPartiallyAcceptCompletion", told)
    counts = (await metrics_of(window)).suggestions
    assert (counts.accepted, counts.accepted_whole) == (1, 0)


async def test_prometheus_is_answered_on_request(window: Window) -> None:
    await window.complete()
    answer = await window.ask("warmline/metrics")
    assert answer.content_type.startswith("text/plain")
    lines = answer.text.splitlines()
    assert any(line.startswith("warmline_answers_total{") for line in lines)
    assert LINE not in answer.text


async def test_the_command_line_shows_every_window(
    window: Window, runtime: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each keeps a file of figures that only its owner may read, without text or names of files."""
    await window.complete()
    [file] = files_of(runtime)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text("utf-8")
    assert not {BEFORE, LINE, A, str(runtime)} & set(json.loads(content))
    for secret in ("value", "scale", "project", str(runtime)):
        assert secret not in content
    [shown] = running_windows()
    assert shown.pid != os.getpid()
    model = window.model.description.directory
    # The engine answers in this thread, so the command runs in another.
    assert await asyncio.to_thread(main, ["status", "--json", "--model", model]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["engine"]["state"]["phase"] == "ready"
    [described] = printed["windows"]
    assert described["pid"] == shown.pid
    assert set(described["metrics"]) >= {"suggestions", "retention", "latency_ms"}


async def test_a_window_that_was_killed_is_shown_no_more(
    runtime: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file is removed by whoever looks next."""
    async with knowing_window(tmp_path) as window:
        [file] = files_of(runtime)
        stale = file.with_name("window-1-dead.json")
        stale.write_text(file.read_text("utf-8"), "utf-8")
        stale.with_suffix(".lock").touch()
        assert len(running_windows()) == 1
        assert files_of(runtime) == [file]
        assert not stale.with_suffix(".lock").exists()
        await window.ask("warmline/status")
    assert await asyncio.to_thread(main, ["status", "--model", str(tmp_path)]) == 0
    assert "No editor window" in capsys.readouterr().out
