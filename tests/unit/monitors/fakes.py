"""An analyser that knows what a test tells it."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitors.types import Names, Signature, Source


class FakeAnalyser:
    """Answers all questions alike, and notes them as method and text with a mark."""

    def __init__(
        self, names: Iterable[str] = (), call: Signature | None = None, reason: str = ""
    ) -> None:
        self.names = Names(frozenset(names), "fake", took_ms=1.0, reason=reason)
        self.call = call
        self.questions: list[tuple[str, str]] = []
        self.notes: list[tuple[str, Path]] = []
        self.num_running = 0
        self.most_running = 0
        self.num_cancelled = 0
        self.has_begun = asyncio.Event()
        self.has_ended = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def use_folders(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def open(self, source: Source) -> None:
        self.notes.append(("open", source.path))

    def change(self, source: Source) -> None:
        self.notes.append(("change", source.path))

    def close(self, path: Path) -> None:
        self.notes.append(("close", path))

    async def members(self, source: Source, offset: int) -> Names:
        return await self._names("members", source, offset)

    async def importable(self, source: Source, offset: int) -> Names:
        return await self._names("importable", source, offset)

    async def types(self, source: Source, offset: int) -> Names:
        return await self._names("types", source, offset)

    async def cases(self, source: Source, offset: int) -> Names:
        return await self._names("cases", source, offset)

    async def signature(self, source: Source, offset: int) -> Signature | None:
        await self._names("signature", source, offset)
        return self.call

    async def aclose(self) -> None:
        self.notes.append(("aclose", Path()))

    async def _names(self, method: str, source: Source, offset: int) -> Names:
        self.questions.append((method, f"{source.text[:offset]}¦{source.text[offset:]}"))
        self.num_running += 1
        self.has_begun.set()
        self.most_running = max(self.most_running, self.num_running)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.num_cancelled += 1
            raise
        finally:
            self.num_running -= 1
            self.has_ended.set()
        return self.names
