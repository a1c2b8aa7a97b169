"""Sites measured one after the other, each where its package is worked on."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Generic, Protocol, TypeVar

from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace
from evaluation.shards.looped import LoopedMeter

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


class DeskMeter(LoopedMeter, Generic[RecordType]):
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
        super().__init__()
        self._workspaces = workspaces
        self._desks = desks
        self._title = ""

    def measure(self, site: NameSite) -> RecordType:
        """Return what came of a site.

        Raises:
            EvaluationError: If it cannot be measured.
        """
        return self._loop.run(self._measure(site))

    async def _begin(self) -> None:
        self._start_desk = await self._exits.enter_async_context(self._desks)

    async def _end(self) -> None:
        await self._leave()
        await super()._end()

    async def _measure(self, site: NameSite) -> RecordType:
        if self._title != site.package:
            await self._leave()
            self._desk = await self._start_desk(self._workspaces[site.package])
            self._title = site.package
        return await self._desk.measure(site)

    async def _leave(self) -> None:
        if self._title:
            self._title = ""
            await self._desk.aclose()
