"""Tells monitors what is edited, and begins to guide what is written there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from completion.document import Document
from completion.guidance.explaining import ExplainedName, explain_name
from completion.guidance.failing import BlindWatch, Failures
from completion.guidance.given import Given
from completion.guidance.guidance import Guidance
from completion.guidance.paths import DocumentPaths
from completion.guidance.reading import ReadingAhead
from monitors.types import Monitors, Source, Watch

PATIENT_MS = 500.0
"""Waited for analysis where nobody types meanwhile; never less than the setting."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """Where the next request is expected, and who follows that already."""

    document: Document
    offset: int
    watch: Watch
    guidance: Guidance  # asks about the name at the cursor until it is left

    def is_at(self, document: Document, offset: int) -> bool:
        return self.document is document and self.offset == offset


class Watching:
    """All documents of a window as monitors see them. Used from one event loop.

    Documents that have no path, see `DocumentPaths`, are left alone. A monitor that fails is
    told of once in the log, and forbids nothing.

    Args:
        monitors: Closed by this; None lets everything pass.
        folders: That are open.
    """

    def __init__(self, monitors: Monitors | None, folders: Sequence[Path] = ()) -> None:
        self._monitors = monitors
        self._paths = DocumentPaths(folders)
        self._changed: Document | None = None
        self._expected: _Expected | None = None
        self._failures = Failures()
        self._reading = ReadingAhead(self._failures)

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Say which folders are open now."""
        self._paths.folders = tuple(folders)
        if self._monitors:
            self._monitors.use_folders(folders)

    def open(self, document: Document) -> None:
        """Take in a document, of which all is read ahead."""
        if self._monitors and (source := self._source_of(document)):
            self._monitors.open(source)
            steps = self._monitors.reading(source, len(source.text))
            self._reading.begin(document.name, steps, _do_nothing)

    def change(self, document: Document, cursor: int) -> None:
        """Follow an edit, and ask about the name at the cursor while nobody waits for it yet.

        Where much must be read up to the cursor, that is done before the question, a step at a
        time. A request that comes meanwhile has the rest read at once.

        Args:
            document: As it is now.
            cursor: Offset where a request is likely to come.
        """
        self._expect_nothing()
        self._changed = document
        if self._monitors and (source := self._source_of(document)):
            self._monitors.change(source)
            steps = self._monitors.reading(source, cursor)
            self._reading.begin(document.name, steps, partial(self._expect, document, cursor))

    def _expect(self, document: Document, cursor: int) -> None:
        """Ask about the name at the cursor, unless another change came meanwhile."""
        if self._changed is not document:
            return
        watch = self._watch(document, cursor)
        if watch is not None:
            guidance = self._guidance(watch, _given(document, cursor), budget_ms=0)
            guidance.begin()
            self._expected = _Expected(document, cursor, watch, guidance)

    def close(self, name: str) -> None:
        """Let a document go."""
        self._reading.drop(name)
        if self._expected and self._expected.document.name == name:
            self._expect_nothing()
        if self._monitors and (path := self._paths.forget(name)):
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
        if self._expected and self._expected.is_at(document, offset):
            watch: Watch | None = self._expected.watch
        else:
            watch = self._watch(document, offset)
        given = _given(document, offset, forced_text)
        return self._guidance(watch or BlindWatch(), given, budget_ms)

    async def explain(
        self, document: Document, offset: int, timeout_ms: float
    ) -> ExplainedName | None:
        """Say what may stand at `offset`; None where no monitor has anything to say."""
        watch = self._watch(document, offset)
        return await explain_name(watch, offset, timeout_ms / 1000) if watch else None

    async def aclose(self) -> None:
        """End what monitors have begun."""
        await self._reading.aclose()
        self._expect_nothing()
        if self._monitors:
            await self._monitors.aclose()

    def _expect_nothing(self) -> None:
        if self._expected is not None:
            self._expected.guidance.close()
            self._expected = None

    def _watch(self, document: Document, offset: int) -> Watch | None:
        source = self._source_of(document)
        if self._monitors is None or source is None:
            return None
        try:
            return self._monitors.watch(source, offset)
        except Exception as error:  # noqa: BLE001 -- it reads whatever a user's code contains
            self._failures.tell(error)
            return None

    def _source_of(self, document: Document) -> Source | None:
        path = self._paths.of(document)
        return Source(path, document.language, document.text) if path else None

    def _guidance(self, watch: Watch, given: Given, budget_ms: float) -> Guidance:
        return Guidance(watch, given, budget_ms, self._failures)


def _do_nothing() -> None:
    pass


def _given(document: Document, offset: int, forced_text: str = "") -> Given:
    return Given(document.text[:offset], document.text[offset:], forced_text)
