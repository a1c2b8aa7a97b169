"""What is written after a forced text, and can be read more than once."""

from dataclasses import dataclass, replace

from completion.candidates import Drafts
from completion.guidance.guidance import Guidance, Rewriting
from completion.healing import Writer
from completion.trimming import complete_text
from engine.protocol.messages import Decoded, Finished, GenerationRequest, Piece, Synced


class Continuation:
    """Listens to a generation of one candidate, only as far as somebody wants to read.

    Args:
        writer: Writes, until this is closed.
        request: What it is asked. Its forced text is left out of what is read.
        guidance: Judges what is read; nobody waits, so each time at the end.
    """

    def __init__(self, writer: Writer, request: GenerationRequest, guidance: Guidance) -> None:
        self._writer = writer
        self._request = request
        self._guidance = guidance
        self._begin(request)

    async def read(self, drafts: Drafts, start_byte: int = 0) -> bool:
        """Give `drafts` what is written from `start_byte` on, until it wants no more.

        Returns:
            Whether it may stay: False where a name is forbidden and no other came.
        """
        await self._read(drafts, start_byte)
        while (rewriting := await self._objection(drafts)) is not None:
            if not rewriting.is_worthwhile:
                return False
            await self.aclose()
            self._begin(rewriting.request(self._request))
            drafts.restart(0)
            await self._read(drafts, start_byte)
        return True

    async def line_start(self) -> str:
        """Return the white space it begins with, through line ends up to code; often nothing.

        Nothing where the code is on the first line, or does not come.
        """
        while not (text := self._text()).strip():
            if await self._hear() is None:
                return ""
        blank = text[: len(text) - len(text.lstrip())].decode("ascii")
        return blank if "\n" in blank else ""

    async def aclose(self) -> None:
        """End the generation."""
        await self._events.aclose()

    def _begin(self, request: GenerationRequest) -> None:
        self._events = self._writer.generate(request)
        self._forced = _Skip(len(self._request.forced_text))
        self._heard: list[Piece | Finished] = []

    async def _read(self, drafts: Drafts, start_byte: int) -> None:
        skip = _Skip(start_byte)
        for event in self._heard:
            skip.pass_on(event, drafts)
        while not drafts.are_complete and (heard := await self._hear()) is not None:
            skip.pass_on(heard, drafts)

    async def _objection(self, drafts: Drafts) -> Rewriting | None:
        written = complete_text(self._request.forced_text + self._text())
        return await self._guidance.settle(0, written, is_whole=drafts.has_ended_by_itself(0))

    def _text(self) -> bytes:
        return b"".join(event.text for event in self._heard if isinstance(event, Piece))

    async def _hear(self) -> Piece | Finished | None:
        """Take one more event that is about what comes after the forced text."""
        async for event in self._events:
            if isinstance(event, Synced | Decoded):
                continue
            passed = self._forced.rest_of(event)
            if passed is not None:
                self._heard.append(passed)
                return passed
        return None


@dataclass(slots=True)
class _Skip:
    """Leaves out the first bytes; an end within them says nothing about what comes after."""

    num_bytes: int

    def rest_of(self, event: Piece | Finished) -> Piece | Finished | None:
        if not self.num_bytes:
            return event
        if isinstance(event, Finished):
            return None
        skipped = min(self.num_bytes, len(event.text))
        self.num_bytes -= skipped
        rest = event.text[skipped:]
        return replace(event, text=rest) if rest else None

    def pass_on(self, event: Piece | Finished, drafts: Drafts) -> None:
        passed = self.rest_of(event)
        if passed is not None:
            drafts.take(passed)
