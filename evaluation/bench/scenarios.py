"""What is measured: histories of small edits of one long prompt, the same for every arm.

A history is a chain. Each step begins where the one before it ended, so no arm has to be put
back between two of them, and every edit is a new one, as it is for somebody who types.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from completion.layout import Layout, PromptParts
from completion.tokenization import Tokenization
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray

LEFT_TO_RIGHT_KINDS = ("insert@10", "insert@50", "insert@90", "delete@10")
MIDDLE_KINDS = ("type-in-middle", "cursor-move")
EDIT_KINDS = LEFT_TO_RIGHT_KINDS + MIDDLE_KINDS

_MOVED_LINES = 30
_SPREAD_LINES = 8  # edits at one place are spread over so many lines
_KEYSTROKES = "abcdefghijklmnopqrstuvwxyz_.("
_MOST_CHARACTERS_A_TOKEN = 8  # on average over code
_LONG_LINE = 40  # long enough to be cut after its first words


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an arm is given. The text is for arms that lay a prompt out by themselves.

    Attributes:
        tokens: (L,), what the model reads.
        cursor: Token index just past the text before the cursor.
        before: The text before the cursor.
        after: The text after it; None where the prompt is written from left to right.
        chunks: Where pieces of other files stand.
    """

    tokens: TokenArray
    cursor: int
    before: str
    after: str | None = None
    chunks: tuple[TokenRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One edit: from the prompt that an arm holds to the one it is handed."""

    kind: str
    repeat: int
    before: Prompt
    after: Prompt


def left_to_right(text: str, tokenization: Tokenization) -> Prompt:
    """Return a prompt whose cursor is at its end."""
    tokens = tokenization.encode(text)
    return Prompt(tokens, len(tokens), text)


def around_cursor(text: str, cursor: int, layout: Layout, tokenization: Tokenization) -> Prompt:
    """Return a prompt with the text before and after the cursor, as the model's family has it.

    `cursor` is an offset into `text`.
    """
    before, after = text[:cursor], text[cursor:]
    parts = PromptParts(tokenization.encode(before), tokenization.encode(after))
    laid_out = layout.lay_out(parts)
    return Prompt(laid_out.tokens, laid_out.cursor, before, after)


def cut_to(text: str, num_tokens: int, tokenization: Tokenization) -> str:
    """Return whole lines from the start of `text` that have at most so many tokens."""
    text = text[: num_tokens * _MOST_CHARACTERS_A_TOKEN]
    ends = [index + 1 for index, character in enumerate(text) if character == "\n"]
    count = bisect_right(ends, num_tokens, key=lambda end: len(tokenization.encode(text[:end])))
    return text[: ends[count - 1]] if count else ""


def cut_exactly(text: str, num_tokens: int, tokenization: Tokenization) -> Prompt:
    """Return a prompt of the first `num_tokens` tokens of `text`, wherever that cuts it."""
    tokens = tokenization.encode(text[: num_tokens * _MOST_CHARACTERS_A_TOKEN])[:num_tokens]
    return Prompt(tokens, len(tokens), tokenization.decode(tokens.tolist()))


def cut_in_line(text: str) -> str:
    """Cut after the first words of the last long line, so that there is a line to finish."""
    lines = text.splitlines(keepends=True)
    long_lines = [i for i, line in enumerate(lines) if len(line.strip()) >= _LONG_LINE]
    if not long_lines:
        return text
    line = lines[long_lines[-1]]
    first_words = line[: line.rindex(" ", 0, len(line) - len(line.strip()) // 2)]
    return "".join(lines[: long_lines[-1]]) + first_words


def left_to_right_history(
    text: str,
    *,
    new_lines: Sequence[str],
    kinds: Sequence[str],
    repeats: int,
    seed: int,
    tokenization: Tokenization,
) -> Iterator[Step]:
    """Yield edits above the cursor: all `kinds` once, then again, `repeats` times.

    Args:
        text: What the prompt holds at first; the cursor stays at its end.
        new_lines: What may be inserted, without indentation.
        kinds: Of `LEFT_TO_RIGHT_KINDS`.
        repeats: How often each kind is done.
        seed: Decides, with kind and repeat, where exactly and which line.
        tokenization: Of the model.
    """
    editor = _LineEditor(text, new_lines)
    now = left_to_right(text, tokenization)
    for repeat, kind in product(range(repeats), kinds):
        editor.do(kind, _randomness(seed, kind, repeat))
        then = left_to_right(editor.text, tokenization)
        yield Step(kind, repeat, now, then)
        now = then


def middle_history(
    text: str,
    *,
    kinds: Sequence[str],
    repeats: int,
    seed: int,
    layout: Layout,
    tokenization: Tokenization,
) -> Iterator[Step]:
    """Yield keystrokes and moves of a cursor in the middle of `text`, in the same order.

    A cursor that comes near the end starts again higher up, where all arms begin a new chain.
    `kinds` are of `MIDDLE_KINDS`; `layout` is that of the model's family.
    """
    cursor = _line_end(text, text.count("\n") // 2)
    now = around_cursor(text, cursor, layout, tokenization)
    for repeat, kind in product(range(repeats), kinds):
        if text.count("\n", cursor) <= _MOVED_LINES:
            cursor = _line_end(text, text.count("\n") // 4)
            now = around_cursor(text, cursor, layout, tokenization)
        if kind == "type-in-middle":
            character = _randomness(seed, kind, repeat).choice(_KEYSTROKES)
            text = text[:cursor] + character + text[cursor:]
            cursor += 1
        else:
            cursor = _line_end(text, text.count("\n", 0, cursor) + _MOVED_LINES)
        then = around_cursor(text, cursor, layout, tokenization)
        yield Step(kind, repeat, now, then)
        now = then


class _LineEditor:
    """Inserts and deletes single lines at a given share of a text."""

    def __init__(self, text: str, new_lines: Sequence[str]) -> None:
        self._lines = text.splitlines(keepends=True)
        self._new_lines = new_lines

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def do(self, kind: str, randomness: random.Random) -> None:
        """Do what `kind` says, such as `insert@10`."""
        action, percentage = kind.split("@")
        place = self._place(int(percentage) / 100, randomness)
        if action == "insert":
            self._insert(place, randomness.choice(self._new_lines))
        else:
            self._delete(place)

    def _place(self, share: float, randomness: random.Random) -> int:
        """Return the index of a line that begins about at this share of the characters."""
        ends = np.cumsum([len(line) for line in self._lines])
        first = int(np.searchsorted(ends, share * int(ends[-1])))
        spread = first + randomness.randrange(_SPREAD_LINES)
        return min(spread, len(self._lines) - 2)  # never the line with the cursor

    def _insert(self, place: int, new_line: str) -> None:
        following = self._lines[place]
        indentation = following[: len(following) - len(following.lstrip(" "))]
        self._lines.insert(place, f"{indentation}{new_line}\n")

    def _delete(self, place: int) -> None:
        while place > 0 and not self._lines[place].strip():
            place -= 1
        del self._lines[place]


def _randomness(seed: int, kind: str, repeat: int) -> random.Random:
    """Return numbers that depend on nothing else, so that other kinds may come and go."""
    return random.Random(f"{seed}/{kind}/{repeat}")  # noqa: S311  (not for secrets)


def _line_end(text: str, line: int) -> int:
    """Return the offset of the end of a line, by its index; the last one where there are fewer."""
    offset = -1
    for _ in range(line + 1):
        following = text.find("\n", offset + 1)
        if following < 0:
            return len(text)
        offset = following
    return offset
