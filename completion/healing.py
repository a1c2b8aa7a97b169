"""The word at the cursor is written by the model, and must be the one that is typed.

A prompt that ends within a word ends with tokens the model seldom saw there: `pri` and then `nt`
instead of `print`. So the word is held back from the prompt, with the sign before it that a
tokenizer may join to it, and forced upon what is written; that much is cut off again. This is
known as token healing. While a word is typed the prompt stays as it is, and so does its cache.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.protocol.messages import GenerationEvent, GenerationRequest, Piece

_LONGEST_WORD = 32
_WORD_AT_END = re.compile(rf"(?:[^\w\r\n]|(?<!\w))\w{{1,{_LONGEST_WORD}}}\Z")


class Writer(Protocol):
    """Writes what is requested, as `EngineClient.generate` does."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Stream what becomes of a request; closing the stream cancels it."""
        ...


def held_back(text: str, cursor: int) -> str:
    """Return the end of the text before `cursor` that the prompt leaves out; often nothing.

    Never all of it: a model may need a token to begin with.
    """
    found = _WORD_AT_END.search(text, max(0, cursor - _LONGEST_WORD - 2), cursor)
    return found[0] if found and found.start() > 0 else ""


@dataclass(frozen=True, slots=True)
class HealingWriter:
    """Has text written that follows what was held back, as if that stood in the prompt.

    Attributes:
        writer: Writes what was held back too.
        held_back: In UTF-8.
        num_tokens: About as many as that takes.
    """

    writer: Writer
    held_back: bytes
    num_tokens: int

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Stream what comes after the text that was held back, of each candidate."""
        forced = replace(
            request,
            forced_text=self.held_back + request.forced_text,
            max_tokens=request.max_tokens + self.num_tokens,
        )
        skip = _Skip(len(self.held_back))
        async with aclosing(self.writer.generate(forced)) as events:
            async for event in events:
                passed = skip.rest_of(event)
                if passed is not None:
                    yield passed


@dataclass(slots=True)
class _Skip:
    """Leaves out the first bytes of each candidate. A piece that reaches beyond keeps its cost."""

    num_bytes: int
    _left: dict[int, int] = field(default_factory=dict)

    def rest_of(self, event: GenerationEvent) -> GenerationEvent | None:
        if not isinstance(event, Piece):
            return event
        left = self._left.get(event.candidate, self.num_bytes)
        skipped = min(left, len(event.text))
        self._left[event.candidate] = left - skipped
        if not left or len(event.text) > skipped:
            return replace(event, text=event.text[skipped:]) if skipped else event
        return None
