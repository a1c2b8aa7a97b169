"""Tells monitors what is edited, and begins to guide what is written there."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from completion.document import Document
from completion.guidance.explaining import ExplainedName, explain_name
from completion.guidance.given import Given
from completion.guidance.guidance import Guidance
from monitors.types import Answer, Monitors, Site, Source, Watch

PATIENT_MS = 500.0
"""Waited for analysis where nobody types meanwhile; never less than the setting."""


class Watching:
    """All documents of a window as monitors see them. Used from one event loop.

    Documents that lie in no file, such as one that was never saved, are left alone.

    Args:
        monitors: Closed by this; None lets everything pass.
    """

    def __init__(self, monitors: Monitors | None) -> None:
        self._monitors = monitors

    def open(self, document: Document) -> None:
        """Take in a document."""
        if self._monitors and (source := _source_of(document)):
            self._monitors.open(source)

    def change(self, document: Document) -> None:
        """Follow an edit."""
        if self._monitors and (source := _source_of(document)):
            self._monitors.change(source)

    def close(self, name: str) -> None:
        """Let a document go."""
        if self._monitors and (path := _path_of(name)):
            self._monitors.close(path)

    def guide(
        self, document: Document, offset: int, forced_text: str, budget_ms: float
    ) -> Guidance:
        """Begin to guide what is written at `offset`.

        Args:
            document: As it is now.
            offset: In code points.
            forced_text: What every candidate begins with.
            budget_ms: How long answers may be waited for, all in all.
        """
        watch = self._watch(document, offset) or _Blind()
        given = Given(document.text[:offset], document.text[offset:], forced_text)
        return Guidance(watch, given, budget_ms)

    async def explain(
        self, document: Document, offset: int, timeout_ms: float
    ) -> ExplainedName | None:
        """Say what may stand at `offset`; None where no monitor has anything to say."""
        watch = self._watch(document, offset)
        return await explain_name(watch, offset, timeout_ms / 1000) if watch else None

    async def aclose(self) -> None:
        """End what monitors have begun."""
        if self._monitors:
            await self._monitors.aclose()

    def _watch(self, document: Document, offset: int) -> Watch | None:
        if self._monitors and (source := _source_of(document)):
            return self._monitors.watch(source, offset)
        return None


class _Blind:
    """Watches a place where no monitor has anything to say."""

    def sites(self, written: str) -> Sequence[Site]:  # noqa: ARG002 -- whatever is written
        """Return nothing."""
        return ()

    async def ask(self, site: Site, written: str) -> Answer:  # noqa: ARG002 -- as `sites`
        """Forbid nothing."""
        return Answer(site, frozenset())


def _source_of(document: Document) -> Source | None:
    path = _path_of(document.name)
    return Source(path, document.language, document.text) if path else None


def _path_of(name: str) -> Path | None:
    parts = urlsplit(name)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
