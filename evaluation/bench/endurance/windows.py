"""Editor windows, each with a server process and a document of its own, on one engine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluation.bench.endurance.pace import Pace, Stroke
from evaluation.bench.endurance.racing import first_of
from evaluation.bench.serving.typist import WAITS_ITSELF
from evaluation.editor import Editor
from evaluation.errors import NoAnswerError
from evaluation.framing import Json
from evaluation.lsp_client import language_server

READING_TIMEOUT_S = 900.0
"""Until the engine has read a document that was opened; others may be read before."""

_NOT_YET = ("timed-out", "loading")


@dataclass(frozen=True, slots=True)
class Window:
    """A window with a document open, and what is to be typed there."""

    editor: Editor
    uri: str
    server_pid: int
    strokes: Sequence[Stroke]

    async def stages(self) -> dict[str, Json]:
        """Return how long the server's stages took so far, by name, as in docs/metrics.md."""
        status = await self.editor.status()
        return dict(status["metrics"]["latency_ms"])


@asynccontextmanager
async def open_windows(
    command: Sequence[str],
    pace: Pace,
    starts_s: Sequence[float],
    settings: dict[str, Json],
    *,
    hear: Callable[[str], None],
    stop: asyncio.Event,
) -> AsyncIterator[list[Window]]:
    """Open a window for each of some places in a recording, and have its document read.

    Args:
        command: Starts a language server.
        pace: The recording.
        starts_s: Where in it each window begins, in time at work.
        settings: Of the windows.
        hear: Gets each message that a window is to show to its user.
        stop: Ends it early, with no window open.

    Raises:
        EvaluationError: If a server cannot be started, or does not suggest anything.
    """
    async with AsyncExitStack() as opened:
        windows: list[Window] = []

        async def open_all() -> None:
            for number, start_s in enumerate(starts_s):
                client = await opened.enter_async_context(language_server(command))
                client.on_notification("window/showMessage", lambda told: hear(told["message"]))
                editor = Editor(client)
                await editor.initialize(settings | WAITS_ITSELF, lambda _, __: None)
                text, strokes = pace.section(start_s)
                uri = Path(f"/typed/window-{number}/{pace.name}").as_uri()
                await editor.open(uri, pace.language, text)
                pid = (await editor.status())["server"]["pid"]
                windows.append(Window(editor, uri, pid, strokes))
            for window in windows:
                await _until_read(window)

        await first_of(open_all(), stop.wait())
        yield [] if stop.is_set() else windows


async def _until_read(window: Window) -> None:
    """Ask until there is an answer, which needs a cache of all of the document."""
    try:
        async with asyncio.timeout(READING_TIMEOUT_S):
            while True:
                await window.editor.suggest(window.uri, 0)
                told = await window.editor.last_suggestion(window.uri)
                if told is not None and told["reason"] not in _NOT_YET:
                    return
    except TimeoutError:
        raise NoAnswerError(
            f"the engine has not read a document within {READING_TIMEOUT_S:g} s; a shorter"
            " recording or fewer windows take less"
        ) from None
