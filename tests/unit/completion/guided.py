"""Monitors that know a few names, and an engine that writes what it likes best of what it may."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from completion.completer import Completer
from completion.document import Document
from engine.protocol.messages import (
    Decoded,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Piece,
    Synced,
)
from monitors.types import Answer, Site, SiteKind, Source
from tests.unit.completion.fakes import (
    CURSOR,
    DECODING,
    OPENED,
    TEXT,
    FakeEngine,
    completer_on,
    report,
)

NAMES = {"left": frozenset({"size", "sizes", "näme", "add"}), "right": frozenset({"width"})}

Hook = Callable[[Site], Awaitable[None]]


def member_sites(before: str, written: str) -> list[Site]:
    """Find `receiver.name`, where the name is not written out before the model begins."""
    text = before + written
    found = re.finditer(r"\b([a-z]+)\.(?=(\w*))", text)  # a name may be a receiver itself
    return [
        Site(SiteKind.MEMBER, each.start(2), each[2], each.end(2) < len(text), receiver=each[1])
        for each in found
        if each.end(2) > len(before) or each.end(2) == len(text)
    ]


async def _at_once(_: Site) -> None:
    pass


async def never(_: Site) -> None:
    await asyncio.Event().wait()


async def crash(_: Site) -> None:
    raise RuntimeError("the analyser fell over")


@dataclass
class FakeWatch:
    """Implements `Watch` for `receiver.name`."""

    before: str
    names: Mapping[str, frozenset[str]]
    answering: Hook
    asked: list[Site]

    def sites(self, written: str) -> Sequence[Site]:
        return member_sites(self.before, written)

    async def ask(self, site: Site, written: str) -> Answer:  # noqa: ARG002 -- not needed here
        self.asked.append(site)
        await self.answering(site)
        texts = self.names.get(site.receiver, frozenset())
        return Answer(site, texts, "fake", 2.0, "" if texts else "unknown receiver")


@dataclass
class FakeMonitors:
    """Implements `Monitors`."""

    names: Mapping[str, frozenset[str]] = field(default_factory=lambda: NAMES)
    answering: Hook = _at_once
    asked: list[Site] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    folders: tuple[Path, ...] = ()
    is_closed: bool = False

    def use_folders(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def open(self, source: Source) -> None:
        self.told.append(("open", source.text))

    def change(self, source: Source) -> None:
        self.told.append(("change", source.text))

    def close(self, path: Path) -> None:
        self.told.append(("close", str(path)))

    def reading(self, source: Source, offset: int) -> Iterator[None]:  # noqa: ARG002
        return iter(())

    def watch(self, source: Source, offset: int) -> FakeWatch:
        return FakeWatch(source.text[:offset], self.names, self.answering, self.asked)

    async def aclose(self) -> None:
        self.is_closed = True


def by_threes(data: bytes) -> list[bytes]:
    return [data[at : at + 3] for at in range(0, len(data), 3)]


@dataclass
class ObedientEngine(FakeEngine):
    """Writes for each candidate the first of its texts that the request allows.

    Where it allows none, what must be written and the first continuation, and then `rest`.
    """

    texts: Sequence[Sequence[str]] = ((),)  # by candidate, best first
    rest: str = ""
    cut: Callable[[bytes], Sequence[bytes]] = by_threes
    ends_with: FinishReason = FinishReason.END_OF_TEXT
    num_finished: int = 0
    has_finished: asyncio.Event = field(default_factory=asyncio.Event)  # a first text
    before_piece: Callable[[int], Awaitable[None]] | None = None  # told of its number

    async def generate(self, request: GenerationRequest) -> AsyncIterator[GenerationEvent]:
        (self.aheads if request.is_ahead else self.requests).append(request)
        await self._happen()
        try:
            yield Synced(report(len(request.tokens)))
            yield Decoded(DECODING)
            async for event in self._write(request):
                yield event
        except (GeneratorExit, asyncio.CancelledError):
            self.num_streams_left += 1
            raise

    async def _write(self, request: GenerationRequest) -> AsyncIterator[GenerationEvent]:
        texts = [self._text_for(request, index) for index in range(request.num_candidates)]
        pieces = [list(self.cut(text.encode())) for text in texts]
        for number in range(max(map(len, pieces), default=0)):
            if self.before_piece:
                await self.before_piece(number)
            await asyncio.sleep(0)  # as a real one, it lets others have their turn
            for candidate, own in enumerate(pieces):
                if number < len(own):
                    yield Piece(candidate, (300,), own[number], -0.5)
        for candidate in range(request.num_candidates):
            self.num_finished += 1
            self.has_finished.set()
            yield Finished(candidate, self.ends_with)

    def _text_for(self, request: GenerationRequest, candidate: int) -> str:
        # the seed tells which candidate is written anew
        liked = self.texts[candidate if request.num_candidates > 1 else request.sampling.seed]
        for text in liked:
            if _is_allowed(text, request):
                return text
        first = request.continuations[0] if request.continuations else b""
        return (request.forced_text + first).decode() + self.rest


def _is_allowed(text: str, request: GenerationRequest) -> bool:
    forced = request.forced_text.decode()
    if not text.startswith(forced):
        return False
    rest = text[len(forced) :]
    names = [each.decode() for each in request.continuations]
    return not names or any(_goes_on(rest, name) for name in names)


def _goes_on(text: str, start: str) -> bool:
    """Tell whether a text begins with `start`, and not with a longer name."""
    may_be_longer = bool(re.search(r"\w\Z", start)) or not start
    return text.startswith(start) and not (may_be_longer and re.match(r"\w", text[len(start) :]))


def guarded(
    engine: ObedientEngine,
    monitors: FakeMonitors,
    document: Document = OPENED,
    **changes: object,
) -> Completer:
    """Return a completer that obeys `monitors`, with a document open."""
    return completer_on(engine, document, monitors=monitors, **changes)


def at(line: str) -> tuple[Document, int]:
    """Return a document whose cursor stands in `line`, at the mark."""
    before, _, after = line.partition("|")
    text = TEXT[:CURSOR] + before + after + TEXT[CURSOR:]
    return replace(OPENED, text=text), CURSOR + len(before)
