"""What is written after a forced text, and can be read more than once."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from completion.candidates import Drafts
from engine.protocol.messages import Decoded, Finished, GenerationEvent, Piece, Synced


class Continuation:
    """Listens to a generation of one candidate, only as far as somebody wants to read.

    Args:
        events: Of the generation; closed by whoever began it.
        num_forced_bytes: Length of the forced text, which is left out.
    """

    def __init__(
        self, events: AsyncGenerator[GenerationEvent, None], num_forced_bytes: int
    ) -> None:
        self._events = events
        self._forced = _Skip(num_forced_bytes)
        self._heard: list[Piece | Finished] = []

    async def read(self, drafts: Drafts, start_byte: int = 0) -> None:
        """Give `drafts` what is written from `start_byte` on, until it wants no more."""
        skip = _Skip(start_byte)
        for event in self._heard:
            skip.pass_on(event, drafts)
        while not drafts.are_complete and (heard := await self._hear()) is not None:
            skip.pass_on(heard, drafts)

    async def line_start(self) -> str:
        """Return the white space it begins with, through line ends up to code; often nothing.

        Nothing where the code is on the first line, or does not come.
        """
        while not (text := self._text()).strip():
            if await self._hear() is None:
                return ""
        blank = text[: len(text) - len(text.lstrip())].decode("ascii")
        return blank if "\n" in blank else ""

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
