"""Who is asked about a site: an analyser taken at its word, or the monitors that use it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.members.site import IMPORT, KEYWORD, MEMBER, SCOPED, NameSite
from evaluation.members.workspaces import Workspace
from monitors.types import Analyser, Answer, Monitors, Names, SiteKind, Source

ANALYSER, MONITORS = "analyser", "monitors"


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody knows about a site.

    Attributes:
        num_texts: How many texts may stand there; 0 means that nothing is known.
        has_truth: Whether what its author wrote may stand there.
        analyser: Who says so.
        ms: From the question to the answer.
        reason: Why nothing is known, a few words.
        is_conclusive: Whether somebody looked: that a type is not known is an answer too, that
            the analyser was not there is none.
    """

    num_texts: int
    has_truth: bool
    analyser: str
    ms: float
    reason: str = ""
    is_conclusive: bool = True


class Arm(Protocol):
    """Somebody who can be asked; works in one workspace, from one event loop."""

    def open(self, source: Source) -> None:
        """Say that a document is being edited."""
        ...

    def change(self, source: Source) -> None:
        """Say what it looks like now."""
        ...

    def close(self, path: Path) -> None:
        """Say that it is edited no more."""
        ...

    async def reply(self, site: NameSite, source: Source) -> Reply:
        """Say what may stand at a site of a document."""
        ...

    async def settle(self) -> None:
        """Wait until the documents that are open are read ahead."""
        ...

    async def aclose(self) -> None:
        """Stop what was started for this."""
        ...


NowMs = Callable[[], float]
Settle = Callable[[], Coroutine[None, None, None]]


def wall_ms() -> float:
    """Return the time."""
    return time.perf_counter() * 1000


async def _at_once() -> None:
    """Wait for nothing."""


StartArms = Callable[[Workspace], Mapping[str, Arm]]


class AnalyserArm:
    """An analyser, taken at its word: what it does not name may not be there.

    Args:
        analyser: Closed by this.
        now_ms: The clock.
        settle: Waits until it has read ahead; None if that is not waited for.
    """

    def __init__(
        self, analyser: Analyser, now_ms: NowMs = wall_ms, settle: Settle | None = None
    ) -> None:
        self._analyser = analyser
        self._now_ms = now_ms
        self.open = analyser.open
        self.change = analyser.change
        self.close = analyser.close
        self.settle = settle or _at_once
        self.aclose = analyser.aclose

    async def reply(self, site: NameSite, source: Source) -> Reply:
        """Ask what is asked at such a site; all that is answered is a constraint."""
        started_ms = self._now_ms()
        found = await self._names(site, source)
        ms = self._now_ms() - started_ms
        has_truth = site.name in found.names
        # A signature that is not known comes without a name.
        is_conclusive = bool(found.analyser) or site.sort == KEYWORD
        return Reply(len(found.names), has_truth, found.analyser, ms, found.reason, is_conclusive)

    async def _names(self, site: NameSite, source: Source) -> Names:
        if site.sort in (MEMBER, SCOPED):
            return await self._analyser.members(source, site.offset)
        if site.sort == IMPORT:
            return await self._analyser.importable(source, site.offset)
        return await self._keywords(site, source)

    async def _keywords(self, site: NameSite, source: Source) -> Names:
        signature = await self._analyser.signature(source, site.offset)
        if signature is None:
            return Names(frozenset(), reason="no signature")
        if signature.takes_any_keyword:
            return Names(frozenset(), signature.analyser, reason="takes any keyword")
        return Names(signature.keywords, signature.analyser)


class MonitorsArm:
    """Monitors, asked as a suggestion asks them that writes the truth.

    Args:
        monitors: Closed by this.
        now_ms: The clock.
        settle: Waits until their analyser has read ahead; None if nothing is read ahead.
    """

    def __init__(
        self, monitors: Monitors, now_ms: NowMs = wall_ms, settle: Settle | None = None
    ) -> None:
        self._monitors = monitors
        self._now_ms = now_ms
        self._settle = settle
        self._source: Source | None = None
        self.close = monitors.close
        self.aclose = monitors.aclose

    def open(self, source: Source) -> None:
        """Say that a document is being edited."""
        self._source = source
        self._monitors.open(source)

    def change(self, source: Source) -> None:
        """Say what it looks like now."""
        self._source = source
        self._monitors.change(source)

    async def settle(self) -> None:
        """Read the document ahead, and wait until the analyser has."""
        if self._settle is None:
            return
        if self._source is not None:
            for _ in self._monitors.reading(self._source, len(self._source.text)):
                await asyncio.sleep(0)
        await self._settle()

    async def reply(self, site: NameSite, source: Source) -> Reply:
        """Watch the true line being written, and ask about the site where it begins."""
        started_ms = self._now_ms()
        watch = self._monitors.watch(source, site.offset)
        sites = watch.sites(site.truth) if watch is not None else ()
        first = next((each for each in sites if each.start == site.offset), None)
        if watch is None or first is None:
            ms = self._now_ms() - started_ms
            return unanswered(ms, "no site seen")
        answer = await watch.ask(first, site.truth)
        ms = self._now_ms() - started_ms
        has_truth = answer.allows(first.name, is_ended=first.is_ended)
        num_texts, is_conclusive = len(answer.texts), _is_conclusive(answer)
        return Reply(num_texts, has_truth, answer.analyser, ms, answer.reason, is_conclusive)


def unanswered(ms: float, reason: str) -> Reply:
    """Return that nobody looked, which excludes nothing."""
    return Reply(0, has_truth=True, analyser="", ms=ms, reason=reason, is_conclusive=False)


def _is_conclusive(answer: Answer) -> bool:
    # A signature that is not known comes without a name.
    return bool(answer.analyser) or answer.site.kind in (SiteKind.KEYWORD, SiteKind.ARITY)
