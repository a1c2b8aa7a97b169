"""`warmline serve` as editors start it, with real weights, driven by a client that is not ours."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.e2e.window import PATIENCE_S, Window, inline_params, patience
from warmline.analysis import analysis_environment

pytestmark = pytest.mark.e2e

CANCELLED = -32800

A, B = "file:///project/a.py", "file:///project/b.py"
ADDING = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return "
# Long enough that a cache which is read anew shows in the counts.
LONG = "".join(
    f"def scale_{number}(value):\n    return value * {number}\n\n\n" for number in range(60)
)

OpenWindow = Callable[..., Awaitable[Window]]


@pytest.fixture
async def open_window(
    default_model_directory: Path, warmline_command: Path, tmp_path: Path
) -> AsyncIterator[OpenWindow]:
    """Opens windows that share one engine; each is closed at the end."""
    windows: list[Window] = []

    async def open_one(folder: Path = tmp_path, **settings: Any) -> Window:
        window = Window(default_model_directory, **settings)
        async with asyncio.timeout(PATIENCE_S):
            await window.start(warmline_command, folder)
            windows.append(window)
            await window.until_ready()
        return window

    yield open_one
    for window in windows:
        async with asyncio.timeout(PATIENCE_S):
            await window.stop()


async def test_open_edit_complete(open_window: OpenWindow) -> None:
    window = await open_window()
    window.open(A, LONG + ADDING)
    last_line = (LONG + ADDING).count("\n")
    async with patience():
        assert any(await window.complete(A, last_line, 11))
        first = await window.ask("warmline/lastSuggestion", A)
        window.insert(A, 2, 5, 0, "# one line more\n")
        assert any(await window.complete(A, last_line + 1, 11))
        second = await window.ask("warmline/lastSuggestion", A)
        cache = await window.ask("warmline/cache", A)
    for answer in (first, second):
        tokens = answer.tokens
        assert tokens.kept + tokens.moved + tokens.encoded == tokens.prompt
        assert answer.text
        assert tokens.generated > 0
    assert second.tokens.encoded < second.tokens.prompt / 2
    assert "# one line more\n" in "".join(run.text for run in cache.runs)


async def test_a_cancelled_request_is_over_and_the_next_one_is_served(
    open_window: OpenWindow,
) -> None:
    window = await open_window()
    window.open(A, LONG + ADDING)
    last_line = (LONG + ADDING).count("\n")
    request = window.client.protocol.send_request(  # at once, not when awaited
        "textDocument/inlineCompletion", inline_params(A, last_line, 11), msg_id="to-cancel"
    )
    window.client.cancel_request(types.CancelParams("to-cancel"))
    async with patience():
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wrap_future(request)
        assert caught.value.code == CANCELLED
        assert any(await window.complete(A, last_line, 11))


async def test_two_documents_at_once(open_window: OpenWindow) -> None:
    window = await open_window(contextTokens=0)  # else each quotes the other
    window.open(A, ADDING)
    window.open(B, ADDING.replace("subtract", "multiply"))
    async with patience():
        first, second = await asyncio.gather(window.complete(A, 5, 11), window.complete(B, 5, 11))
        caches = [await window.ask("warmline/cache", uri) for uri in (A, B)]
    assert any(first)
    assert any(second)
    texts = ["".join(run.text for run in cache.runs) for cache in caches]
    assert ["subtract" in text for text in texts] == [True, False]
    assert ["multiply" in text for text in texts] == [False, True]


async def test_two_windows_on_one_engine_keep_their_unsaved_text_apart(
    open_window: OpenWindow,
) -> None:
    first, second = await open_window(), await open_window()
    first.open(A, ADDING)
    second.open(A, ADDING)
    first.insert(A, 2, 0, 0, "LEFT = 1\n")
    second.insert(A, 2, 0, 0, "RIGHT = 2\n")
    async with patience():
        answers = await asyncio.gather(first.complete(A, 6, 11), second.complete(A, 6, 11))
        caches = [await window.ask("warmline/cache", A) for window in (first, second)]
        statuses = [await window.status() for window in (first, second)]
    assert all(any(answer) for answer in answers)
    texts = ["".join(run.text for run in cache.runs) for cache in caches]
    assert ["LEFT" in text for text in texts] == [True, False]
    assert ["RIGHT" in text for text in texts] == [False, True]
    assert statuses[0].engine.pid == statuses[1].engine.pid
    assert statuses[0].server.pid != statuses[1].server.pid


async def test_an_engine_that_is_killed_is_started_again(open_window: OpenWindow) -> None:
    window = await open_window()
    window.open(A, ADDING)
    async with patience():
        assert any(await window.complete(A, 5, 11))
        before = (await window.status()).engine.pid
        os.kill(before, signal.SIGKILL)
        window.insert(A, 2, 0, 0, "# typed meanwhile\n")
        while not await window.complete(A, 6, 11):
            await window.until_ready()  # it was loading; its end of loading is told
        after = (await window.status()).engine.pid
        cache = await window.ask("warmline/cache", A)
    assert after != before
    assert len(window.client.messages) == 1
    assert "# typed meanwhile" in "".join(run.text for run in cache.runs)


async def test_a_hostile_folder_is_not_imported_from(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the server nor by an engine or an analysis host that it starts there."""
    trap = "import pathlib\npathlib.Path(__file__).with_name('sprung').touch()\n"
    for name in ("engine", "lsp_server", "completion", "monitors", "warmline", "asyncio"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(trap, encoding="utf-8")
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(tmp_path / "runtime"))
    has_analysers = analysis_environment().is_ready()
    window = await open_window(tmp_path, idleExitS=1, monitors=has_analysers)
    window.open(A, ADDING)
    async with patience():
        assert any(await window.complete(A, 5, 11))
        if has_analysers:
            while (await window.status()).monitors.phase != "running":  # noqa: ASYNC110 - it is not told
                await asyncio.sleep(0.1)
        assert (await window.status()).engine.pid
    assert not any(tmp_path.glob("*/sprung"))  # noqa: ASYNC240 - a handful of folders


async def test_bad_input_gets_an_answer_and_the_server_goes_on(open_window: OpenWindow) -> None:
    window = await open_window(maxTokens="many")
    window.open(A, ADDING)
    async with patience():
        await window.complete(A, 4_000, 4_000)  # outside: moved inside
        assert await window.complete("file:///unknown.py", 0, 0) == []
        window.open(B, "")
        await window.complete(B, 0, 0)
        window.open(B, "x = 1\n" * 850_000)
        assert await window.complete(B, 800_000, 0) == []
        window.send_bytes(b'{"jsonrpc": "2.0", "id": 9, "method": ')
        window.send_bytes(b'{"jsonrpc": "2.0", "method": "\xff\xfe"}')
        window.open(A, "x = '\ud800'\n" + ADDING)
        assert any(await window.complete(A, 6, 11))
        status = await window.status()
    reasons = [answer.reason for answer in status.empty_answers]
    assert "unknown-document" in reasons
    assert "document-too-large" in reasons
    logged = [log.message for log in window.client.log_messages]
    assert any("warmline.maxTokens is 'many'" in message for message in logged)
    assert window.client.messages == []
