"""Plays a typing trace into an editor that asks for suggestions by itself."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from evaluation.bench.serving.typing_trace import Keystroke
from evaluation.editor import Editor
from evaluation.framing import Json

DEBOUNCE_S = 0.075
"""How long an editor waits after a key before it asks; they do between 75 and 200 ms."""
WAITS_ITSELF: dict[str, Json] = {"adaptiveDelay": False}
"""Settings for such an editor: the server is not to wait once more, as it does not where it knows
an editor by its name."""


@dataclass(slots=True)
class TypingRecord:
    """What typing brought.

    Attributes:
        num_asked: Requests that were sent: one for each key no other followed too soon.
        answer_ms: From a key to its suggestion, the editor's wait before asking included; of
            requests that brought one before the next key ended them.
    """

    num_asked: int = 0
    answer_ms: list[float] = field(default_factory=list)

    @property
    def answered_share(self) -> float:
        """How many of the requests brought a suggestion, 0 to 1."""
        return len(self.answer_ms) / max(self.num_asked, 1)


class Typist:
    """Types at one place in an open document.

    Args:
        editor: Has the document open.
        uri: The document.
        offset: Where the next key goes, in code points.
    """

    def __init__(self, editor: Editor, uri: str, offset: int) -> None:
        self._editor = editor
        self._uri = uri
        self._offset = offset
        self._num_typed = 0
        self._record = TypingRecord()

    async def type_along(self, trace: Sequence[Keystroke]) -> TypingRecord:
        """Type all keys at their time, and wait for the answers to the last one.

        Raises:
            EvaluationError: If the server fails.
        """
        try:
            async with asyncio.TaskGroup() as requests:
                await self._press(trace, requests)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return self._record

    async def _press(self, trace: Sequence[Keystroke], requests: asyncio.TaskGroup) -> None:
        due_s = time.monotonic()
        for keystroke in trace:
            due_s += keystroke.pause_s
            await asyncio.sleep(due_s - time.monotonic())
            await self._editor.insert(self._uri, self._offset, keystroke.text)
            self._offset += len(keystroke.text)
            self._num_typed += 1
            requests.create_task(self._ask(self._num_typed))

    async def _ask(self, after_key: int) -> None:
        """Ask for a suggestion unless another key follows too soon."""
        typed_at_s, offset = time.monotonic(), self._offset
        await asyncio.sleep(DEBOUNCE_S)
        if after_key != self._num_typed:
            return
        self._record.num_asked += 1
        if await self._editor.suggest(self._uri, offset):
            self._record.answer_ms.append(1000 * (time.monotonic() - typed_at_s))
