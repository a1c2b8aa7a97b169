"""One site after the other: everybody is asked what may stand there. No model is needed."""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from evaluation.errors import CannotMeasureError
from evaluation.members.arms import Arm, Reply, StartArm
from evaluation.members.site import MEMBER, NameSite
from evaluation.members.workspaces import Workspace
from monitors.types import Source

PATIENCE_S = 10.0
"""After which a question counts as one without an answer."""
_START_PATIENCE_S = 120.0
"""For the first question in a document, when a language server may have a project to read."""
_DEREFERENCE = re.compile(r"\b[^\W\d]\w*\.(?=[^\W\d])")


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """What came of one site.

    Attributes:
        key, kind, package, name, is_rare: Of the site.
        seconds: That asking everybody took, reading ahead included.
        arms: Figures by metric, by who was asked.
        analysers, reasons: Who answered and why not, by who was asked; for people.
    """

    key: str
    kind: str
    package: str
    name: str
    is_rare: bool
    seconds: float
    arms: Mapping[str, Mapping[str, float]]
    analysers: Mapping[str, str]
    reasons: Mapping[str, str]


def read_asked(fields: Mapping[str, Any]) -> AskedRecord:
    """Read a line of a journal."""
    return AskedRecord(**fields)


class AskingMeter:
    """Asks about sites. To be used as a context, which ends what was started.

    Args:
        starts: Everybody who is asked, by name.
        workspaces: Of each package, by its title.
        budget_ms: An answer that takes longer comes too late.
    """

    def __init__(
        self,
        starts: Mapping[str, StartArm],
        workspaces: Mapping[str, Workspace],
        budget_ms: float,
    ) -> None:
        self._starts = starts
        self._workspaces = workspaces
        self._budget_ms = budget_ms
        self._loop = asyncio.Runner()
        self._desk: _Desk | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._loop.run(self._leave())
        finally:
            self._loop.close()

    def measure(self, site: NameSite) -> AskedRecord:
        """Ask everybody about a site; warm, since the document was read before.

        Raises:
            CannotMeasureError: If there is no such document.
        """
        return self._loop.run(self._measure(site))

    async def _measure(self, site: NameSite) -> AskedRecord:
        started = time.perf_counter()
        desk = await self._desk_for(site)
        replies = {name: await desk.ask(name, site) for name in self._starts}
        return AskedRecord(
            key=site.key,
            kind=site.kind,
            package=site.package,
            name=site.name,
            is_rare=site.is_rare,
            seconds=round(time.perf_counter() - started, 3),
            arms={name: self._figures(reply) for name, reply in replies.items()},
            analysers={name: reply.analyser for name, reply in replies.items()},
            reasons={name: reply.reason for name, reply in replies.items()},
        )

    def _figures(self, reply: Reply) -> dict[str, float]:
        is_answered = reply.num_texts > 0
        is_covered = is_answered and reply.ms <= self._budget_ms
        return {
            "answered": float(is_answered),
            "covered": float(is_covered),
            "missed": float(is_answered and not reply.has_truth),
            "excluded_truth": float(is_covered and not reply.has_truth),
            "texts": float(reply.num_texts),
            "ms": reply.ms,
        }

    async def _desk_for(self, site: NameSite) -> "_Desk":
        """Return where to ask; only one package's analysers run at any time."""
        if self._desk is None or self._desk.workspace.title != site.package:
            await self._leave()
            workspace = self._workspaces[site.package]
            self._desk = _Desk(workspace)
            await self._desk.start(self._starts)
        return self._desk

    async def _leave(self) -> None:
        desk, self._desk = self._desk, None
        if desk is not None:
            await desk.aclose()


class _Desk:
    """Everybody at work in one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._arms: dict[str, Arm] = {}
        self._opened: dict[str, str] = {}  # by arm, the path of the document it has open
        self._exits = AsyncExitStack()

    async def start(self, starts: Mapping[str, StartArm]) -> None:
        for name, start in starts.items():
            arm = await start(self.workspace)
            self._exits.push_async_callback(arm.aclose)
            self._arms[name] = arm

    async def aclose(self) -> None:
        await self._exits.aclose()

    async def ask(self, name: str, site: NameSite) -> Reply:
        """Ask one of them, with the line as it is when the name is about to be written."""
        arm = self._arms[name]
        if self._opened.get(name) != site.path:
            await self._open(name, site)
        source = self._source(site)
        arm.change(source)
        return await _reply(arm, site, source, PATIENCE_S)

    async def _open(self, name: str, site: NameSite) -> None:
        """Open a document without the line of the site, and let it be read."""
        arm, path = self._arms[name], self.workspace.folder / site.path
        if not path.is_file():
            raise CannotMeasureError(
                f"{site.path} is not among the files that {site.package} installs in"
                f" {self.workspace.folder}"
            )
        if name in self._opened:
            arm.close(self.workspace.folder / self._opened[name])
        self._opened[name] = site.path
        other = elsewhere(site)
        source = self._source(other)
        arm.open(source)
        await _reply(arm, other, source, _START_PATIENCE_S)

    def _source(self, site: NameSite) -> Source:
        return Source(self.workspace.folder / site.path, site.language, site.text)


async def _reply(arm: Arm, site: NameSite, source: Source, patience_s: float) -> Reply:
    started = time.perf_counter()
    try:
        return await asyncio.wait_for(arm.reply(site, source), patience_s)
    except TimeoutError:
        ms = (time.perf_counter() - started) * 1000
        return Reply(0, has_truth=True, analyser="", ms=ms, reason="no answer in time")


def elsewhere(site: NameSite) -> NameSite:
    """Return a dereference elsewhere in the document without the site's line.

    Where there is none, the end of the document.
    """
    text = site.before[: site.before.rfind("\n") + 1] + site.after.removeprefix("\n")
    found = _DEREFERENCE.search(text)
    end = found.end() if found is not None else len(text)
    kind = f"{site.kind.partition('/')[0]}/{MEMBER}"
    return replace(site, kind=kind, before=text[:end], name="", rest="", after=text[end:])
