"""An analyser that is asked by several, and by each as if nobody had asked before."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from monitors.types import Analyser, Names, Signature, Source

AnswerType = TypeVar("AnswerType", Names, Signature | None)
_Question = tuple[str, Path, str, int]


class RememberingAnalyser:
    """Answers a repeated question from memory, and lets its clock go on by what that saved.

    Only what was asked since the last change of a document is remembered.

    Args:
        analyser: Knows; closed by this.
    """

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._answers: dict[_Question, tuple[Names | Signature | None, float]] = {}
        self._saved_ms = 0.0
        self._text = ""
        self.use_folders = analyser.use_folders
        self.open = analyser.open
        self.close = analyser.close
        self.aclose = analyser.aclose

    def now_ms(self) -> float:
        """Return the time, as it would be if nothing were answered from memory."""
        return time.perf_counter() * 1000 + self._saved_ms

    def change(self, source: Source) -> None:
        """Say what a document looks like now."""
        if source.text != self._text:
            self._text = source.text
            self._answers.clear()
        self._analyser.change(source)

    async def members(self, source: Source, offset: int) -> Names:
        """See `Analyser.members`."""
        return await self._ask(self._analyser.members, source, offset)

    async def importable(self, source: Source, offset: int) -> Names:
        """See `Analyser.importable`."""
        return await self._ask(self._analyser.importable, source, offset)

    async def types(self, source: Source, offset: int) -> Names:
        """See `Analyser.types`."""
        return await self._ask(self._analyser.types, source, offset)

    async def cases(self, source: Source, offset: int) -> Names:
        """See `Analyser.cases`."""
        return await self._ask(self._analyser.cases, source, offset)

    async def signature(self, source: Source, offset: int) -> Signature | None:
        """See `Analyser.signature`."""
        return await self._ask(self._analyser.signature, source, offset)

    async def _ask(
        self,
        method: Callable[[Source, int], Awaitable[AnswerType]],
        source: Source,
        offset: int,
    ) -> AnswerType:
        question = method.__name__, source.path, source.text, offset
        if question in self._answers:
            answer, took_ms = self._answers[question]
            self._saved_ms += took_ms
            return answer  # type: ignore[return-value]  # of this method, as the key says
        started = time.perf_counter()
        answer = await method(source, offset)
        self._answers[question] = answer, (time.perf_counter() - started) * 1000
        return answer
