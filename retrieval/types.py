"""What retrieval hands to whoever lays out a prompt."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of another file that matters at the cursor."""

    path: str  # relative to the repository, with forward slashes
    start_line: int  # 0-based line of the first line of `text`
    text: str
    score: float  # higher is better; comparable within one answer only


class Retriever(Protocol):
    """Finds what else in the repository matters at one place of one document."""

    async def retrieve(self, path: str, text: str, offset: int) -> tuple[Chunk, ...]:
        """Return the chunks that help at `offset` of `text`, best first; none is an answer.

        Args:
            path: The document, which is never searched itself.
            text: The document as it is now, saved or not.
            offset: The cursor, in code points.
        """
        ...
