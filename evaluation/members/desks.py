"""Sites measured one after the other, each where its package is worked on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace

_Record_co = TypeVar("_Record_co", covariant=True)
RecordType = TypeVar("RecordType")


class Desk(Protocol[_Record_co]):
    """All that is at work in one workspace."""

    async def measure(self, site: NameSite) -> _Record_co:
        """Return what came of a site.

        Raises:
            EvaluationError: If it cannot be measured.
        """
        ...

    async def aclose(self) -> None:
        """Stop what was started for this."""
        ...


StartDesk = Callable[[Workspace], Awaitable[Desk[RecordType]]]


class DeskMeter(Generic[RecordType]):
    """Measures sites; one workspace is worked in at any time. To be used as a context.

    Args:
        workspaces: Of each package, by its title.
        desks: What lasts as long as this does, and starts a desk in a workspace.
    """

    def __init__(
        self,
        workspaces: Mapping[str, Workspace],
        desks: AbstractAsyncContextManager[StartDesk[RecordType]],
    ) -> None:
        self._workspaces = workspaces
        self._desks = desks
        self._loop = asyncio.Runner()
        self._exits = AsyncExitStack()
        self._title = ""

    def __enter__(self) -> Self:
        try:
            self._start = self._loop.run(self._exits.enter_async_context(self._desks))
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._loop.run(self._leave())
            self._loop.run(self._exits.aclose())
        finally:
            self._loop.close()

    def measure(self, site: NameSite) -> RecordType:
        """Return what came of a site.

        Raises:
            EvaluationError: If it cannot be measured.
        """
        return self._loop.run(self._measure(site))

    async def _measure(self, site: NameSite) -> RecordType:
        if self._title != site.package:
            await self._leave()
            self._desk = await self._start(self._workspaces[site.package])
            self._title = site.package
        return await self._desk.measure(site)

    async def _leave(self) -> None:
        if self._title:
            self._title = ""
            await self._desk.aclose()
