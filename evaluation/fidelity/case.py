"""One edit of one real file, and the line that comes next."""

from dataclasses import dataclass

PREFIX = "prefix"
"""The prompt is the text before the cursor."""
FILL_IN = "fill-in"
"""The prompt is the text on both sides of the cursor, in the model's own layout."""

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


@dataclass(frozen=True, slots=True)
class State:
    """A document as it stood at some moment, cut to what fits into the prompt."""

    text: str
    cursor: int  # code points before it


@dataclass(frozen=True, slots=True)
class Case:
    """What happened to a document, and what its author wrote next.

    Attributes:
        key: Names the case; the same for the same package, seed and settings.
        kind: One of `KINDS`.
        package: Name and version of the package; cases of one package are alike.
        language: As in `completion.languages`.
        path: Of the file in the package.
        layout: `PREFIX` or `FILL_IN`.
        states: At least two. The first is read from nothing, the others are synced in turn; the
            target follows the last one's cursor.
        target: The true next line, from the cursor on, without its end.
        prompt_tokens: About how long the prompts were to be.
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
