"""Everybody is asked what may stand at a site. No model is needed."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from evaluation.errors import CannotMeasureError
from evaluation.members.arms import Arm, Reply, StartArms, unanswered
from evaluation.members.desks import StartDesk
from evaluation.members.site import MEMBER, NameSite
from evaluation.members.workspaces import Workspace
from monitors.types import Source

PATIENCE_S = 10.0
"""After which a question counts as one without an answer."""
_START_PATIENCE_S = 120.0
"""For the first question in a document, when a language server may have a project to read."""
_DEREFERENCE = re.compile(
    r"^(?!\s*(?:#|(?:from|import|export|package)\b)).*?\b[^\W\d]\w*\.(?=[^\W\d])", re.MULTILINE
)


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


@asynccontextmanager
async def asking_desks(
    start_arms: StartArms, budget_ms: float
) -> AsyncIterator[StartDesk[AskedRecord]]:
    """Return what starts everybody in a workspace.

    Args:
        start_arms: Returns everybody who is asked there, by name, in this order.
        budget_ms: An answer that takes longer comes too late.
    """

    async def start(workspace: Workspace) -> AskingDesk:
        desk = AskingDesk(budget_ms)
        for name, arm in start_arms(workspace).items():
            desk.add(name, Reader(arm, workspace))
        return desk

    yield start


class AskingDesk:
    """Everybody at work in one workspace.

    Args:
        budget_ms: An answer that takes longer comes too late.
    """

    def __init__(self, budget_ms: float) -> None:
        self._budget_ms = budget_ms
        self._readers: dict[str, Reader] = {}
        self._exits = AsyncExitStack()

    def add(self, name: str, reader: "Reader") -> None:
        """Let one more be asked; stopped with the others."""
        self._readers[name] = reader
        self._exits.push_async_callback(reader.arm.aclose)

    async def aclose(self) -> None:
        """Stop everybody."""
        await self._exits.aclose()

    async def measure(self, site: NameSite) -> AskedRecord:
        """Ask everybody about a site as its line is typed in a document that lies open.

        Raises:
            CannotMeasureError: If there is no such document.
        """
        started = time.perf_counter()
        replies = {name: await reader.ask(site) for name, reader in self._readers.items()}
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
            "replied": float(reply.is_conclusive and reply.ms <= self._budget_ms),
            "covered": float(is_covered),
            "missed": float(is_answered and not reply.has_truth),
            "excluded_truth": float(is_covered and not reply.has_truth),
            "texts": float(reply.num_texts),
            "ms": round(reply.ms, 3),
        }


class Reader:
    """Somebody who can be asked, and the document that lies open before them."""

    def __init__(self, arm: Arm, workspace: Workspace) -> None:
        self.arm = arm
        self._folder = workspace.folder
        self._path = ""

    async def ask(self, site: NameSite) -> Reply:
        """Ask with the line as it is when the name is about to be written."""
        await self.turn_to(site)
        source = self._source(site)
        self.arm.change(source)
        return await _reply(self.arm, site, source, PATIENCE_S)

    async def turn_to(self, site: NameSite) -> None:
        """Let a site's document be open without its line, asked about elsewhere, and read ahead.

        Raises:
            CannotMeasureError: If there is no such document.
        """
        other = elsewhere(site)
        source = self._source(other)
        if site.path == self._path:
            self.arm.change(source)
        else:
            self._open(site, source)
        await _reply(self.arm, other, source, _START_PATIENCE_S)
        await self.arm.settle()

    def _open(self, site: NameSite, source: Source) -> None:
        if not (self._folder / site.path).is_file():
            raise CannotMeasureError(
                f"{site.path} is not among the files that {site.package} installs in {self._folder}"
            )
        if self._path:
            self.arm.close(self._folder / self._path)
        self._path = site.path
        self.arm.open(source)

    def _source(self, site: NameSite) -> Source:
        return Source(self._folder / site.path, site.language, site.text)


async def _reply(arm: Arm, site: NameSite, source: Source, patience_s: float) -> Reply:
    started = time.perf_counter()
    try:
        return await asyncio.wait_for(arm.reply(site, source), patience_s)
    except TimeoutError:
        ms = (time.perf_counter() - started) * 1000
        return unanswered(ms, "no answer in time")


def elsewhere(site: NameSite) -> NameSite:
    """Return a dereference elsewhere in the document without the site's line.

    Where there is none, the end of the document.
    """
    text = site.before[: site.before.rfind("\n") + 1] + site.after.removeprefix("\n")
    found = _DEREFERENCE.search(text)
    end = found.end() if found is not None else len(text)
    kind = f"{site.kind.partition('/')[0]}/{MEMBER}"
    return replace(site, kind=kind, before=text[:end], name="", rest="", after=text[end:])
