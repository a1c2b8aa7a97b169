"""One edit of one real file, and the line that comes next."""

from dataclasses import dataclass

from retrieval.types import Chunk

PREFIX = "prefix"
"""The prompt is the text before the cursor."""
FILL_IN = "fill-in"
"""The prompt is the text on both sides of the cursor, in the model's own layout."""

REPOSITORY = "repository"
"""The same after pieces of other files; without the text after the cursor where the family of the
model does not read it."""

KINDS = (
    "random-insert",
    "random-delete",
    "random-both",
    "related",
    "multi",
    "rename",
    "real",
    "typing",
    "cursor",
)
CHUNK_KINDS = ("chunk-swap", "chunk-order", "chunk-set")
"""What happens to the pieces of other files before a document that stays as it is."""


@dataclass(frozen=True, slots=True)
class State:
    """A document as it stood at some moment, cut to what fits into the prompt."""

    text: str
    cursor: int  # code points before it
    chunks: tuple[Chunk, ...] = ()  # of other files, in the order of the prompt


@dataclass(frozen=True, slots=True)
class Case:
    """What happened to a document, and what its author wrote next.

    Attributes:
        key: Names the case; the same for the same package, seed and settings.
        kind: One of `KINDS` or `CHUNK_KINDS`.
        package: Name and version of the package; cases of one package are alike.
        language: As in `completion.languages`.
        path: Of the file in the package.
        layout: `PREFIX`, `FILL_IN` or `REPOSITORY`.
        states: At least two. The first is read from nothing, the others are synced in turn; the
            target follows the last one's cursor.
        target: The true next line, from the cursor on, without its end.
        prompt_tokens: About how long the prompts were to be.
        are_chunks_met: Whether the last state's chunks were read before, for other documents.
    """

    key: str
    kind: str
    package: str
    language: str
    path: str
    layout: str
    states: tuple[State, ...]
    target: str
    prompt_tokens: int
    are_chunks_met: bool = False
