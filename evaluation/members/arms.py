"""Who is asked about a site: an analyser taken at its word, or the monitors that use it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluation.members.site import IMPORT, MEMBER, SCOPED, NameSite
from evaluation.members.workspaces import Workspace
from monitors.types import Analyser, Monitors, Names, Source

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
    """

    num_texts: int
    has_truth: bool
    analyser: str
    ms: float
    reason: str = ""


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

    async def aclose(self) -> None:
        """Stop what was started for this."""
        ...


NowMs = Callable[[], float]


def wall_ms() -> float:
    """Return the time."""
    return time.perf_counter() * 1000


StartArms = Callable[[Workspace], Mapping[str, Arm]]


class AnalyserArm:
    """An analyser, taken at its word: what it does not name may not be there."""

    def __init__(self, analyser: Analyser, now_ms: NowMs = wall_ms) -> None:
        self._analyser = analyser
        self._now_ms = now_ms
        self.open = analyser.open
        self.change = analyser.change
        self.close = analyser.close
        self.aclose = analyser.aclose

    async def reply(self, site: NameSite, source: Source) -> Reply:
        """Ask what is asked at such a site; all that is answered is a constraint."""
        started_ms = self._now_ms()
        found = await self._names(site, source)
        ms = self._now_ms() - started_ms
        has_truth = site.name in found.names
        return Reply(len(found.names), has_truth, found.analyser, ms, found.reason)

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
    """Monitors, asked as a suggestion asks them that writes the truth."""

    def __init__(self, monitors: Monitors, now_ms: NowMs = wall_ms) -> None:
        self._monitors = monitors
        self._now_ms = now_ms
        self.open = monitors.open
        self.change = monitors.change
        self.close = monitors.close
        self.aclose = monitors.aclose

    async def reply(self, site: NameSite, source: Source) -> Reply:
        """Watch the true line being written, and ask about the site where it begins."""
        started_ms = self._now_ms()
        watch = self._monitors.watch(source, site.offset)
        sites = watch.sites(site.truth) if watch is not None else ()
        first = next((each for each in sites if each.start == site.offset), None)
        if watch is None or first is None:
            ms = self._now_ms() - started_ms
            return Reply(0, has_truth=True, analyser="", ms=ms, reason="no site seen")
        answer = await watch.ask(first, site.truth)
        ms = self._now_ms() - started_ms
        has_truth = answer.allows(first.name, is_ended=first.is_ended)
        return Reply(len(answer.texts), has_truth, answer.analyser, ms, answer.reason)
