"""How much of a long file the model reads, and where that part begins and ends.

The window's edges stay with the text while one types, so that the front of the prompt stays
still. An edge moves only when too much or too little text is inside, and then by a whole
step. Edges stand at line starts, except in lines too long for that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from completion.difference import Replacement
from completion.settings import CompletionSettings
from engine.tokens import TokenArray

STEP_TOKENS = 512
OVERHEAD_TOKENS = 128  # markers, names and paths
_CHARACTERS_PER_TOKEN = 16  # more than code ever has over a whole window
_STEPS_PER_LONG_LINE = 4

Encode = Callable[[str], TokenArray]


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens on either side of the cursor where there is text enough on both."""

    before_tokens: int
    after_tokens: int

    def shared_out(self, before_available: int, after_available: int) -> "Limits":
        """Give each side what the other leaves over.

        So a file that fits as a whole is in the prompt as a whole wherever the cursor stands,
        and a jump across it finds everything in the cache. A side with no tokens stays without.
        """
        if not self.after_tokens:
            return self
        total = self.before_tokens + self.after_tokens
        return Limits(
            max(self.before_tokens, total - after_available),
            max(self.after_tokens, total - before_available),
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the text that is in the prompt, [start, stop) in code points."""

    start: int
    stop: int

    def moved(self, edit: Replacement, old_length: int, new_length: int) -> "Window | None":
        """Return the same window of the edited text; None if an edge was replaced.

        An edge at an end of the text stays there.
        """
        start = 0 if self.start == 0 else edit.moved(self.start)
        stop = new_length if self.stop == old_length else edit.moved(self.stop)
        if start is None or stop is None:
            return None
        return Window(start, stop)


@dataclass(frozen=True, slots=True)
class FittedWindow:
    """A window and the tokens in it."""

    window: Window
    before: TokenArray
    after: TokenArray


def limits_for(
    settings: CompletionSettings, context_tokens: int, max_tokens: int, *, has_suffix: bool
) -> Limits:
    """Share what the context leaves for the text, in the proportion of the settings."""
    before = settings.prefix_tokens
    after = settings.suffix_tokens if has_suffix else 0
    available = max(1, context_tokens - max_tokens - OVERHEAD_TOKENS)
    if before + after <= available:
        return Limits(before, after)
    after = after * available // (before + after)
    return Limits(available - after, after)


def fit_window(
    text: str,
    cursor: int,
    limits: Limits,
    *,
    encode_before: Encode,
    encode_after: Encode,
    previous: Window | None = None,
) -> FittedWindow:
    """Choose the window around `cursor`, as `previous` as the limits allow.

    Args:
        text: The whole document.
        cursor: Offset in code points.
        limits: Kept on both sides, but what one side leaves over goes to the other.
        encode_before: Tokens of text before the cursor.
        encode_after: Tokens of text after the cursor.
        previous: The last window of the document, moved along with its edits.
    """
    reach = (limits.before_tokens + limits.after_tokens) * _CHARACTERS_PER_TOKEN
    limits = limits.shared_out(
        len(encode_before(text[max(0, cursor - reach) : cursor])),
        len(encode_after(text[cursor : cursor + reach])),
    )
    before_hint = previous.start if previous else None
    after_hint = min(previous.stop, len(text)) if previous else None
    start, before = _fit_before(text, cursor, limits.before_tokens, encode_before, before_hint)
    stop, after = _fit_after(text, cursor, limits.after_tokens, encode_after, after_hint)
    return FittedWindow(Window(start, stop), before, after)


def _fit_before(
    text: str, cursor: int, limit: int, encode: Encode, hint: int | None
) -> tuple[int, TokenArray]:
    if hint is not None and 0 <= cursor - hint <= limit * _CHARACTERS_PER_TOKEN:
        tokens = encode(text[hint:cursor])
        if _is_well_filled(len(tokens), limit, is_at_end=hint == 0):
            return hint, tokens
    edges = _line_starts_before(text, cursor, _step(limit))
    start = _furthest_edge(cursor, edges, limit, lambda low, high: len(encode(text[low:high])))
    return start, encode(text[start:cursor])


def _fit_after(
    text: str, cursor: int, limit: int, encode: Encode, hint: int | None
) -> tuple[int, TokenArray]:
    if hint is not None and 0 <= hint - cursor <= limit * _CHARACTERS_PER_TOKEN:
        tokens = encode(text[cursor:hint])
        if _is_well_filled(len(tokens), limit, is_at_end=hint == len(text)):
            return hint, tokens
    edges = _line_stops_after(text, cursor, _step(limit))
    stop = _furthest_edge(cursor, edges, limit, lambda low, high: len(encode(text[high:low])))
    return stop, encode(text[cursor:stop])


def _step(limit: int) -> int:
    return max(1, min(STEP_TOKENS, limit // 4))


def _is_well_filled(num_tokens: int, limit: int, *, is_at_end: bool) -> bool:
    enough = limit - 2 * _step(limit)
    return num_tokens <= limit and (is_at_end or num_tokens >= enough)


def _furthest_edge(
    cursor: int, edges: Iterator[int], limit: int, count: Callable[[int, int], int]
) -> int:
    """Walk away from the cursor until the limit is met.

    Returns the last edge if the limit is never met; otherwise one a step short of the limit,
    so that there is room before the edge has to move again.
    """
    total, nearer, chosen = 0, cursor, cursor
    for edge in edges:
        total += count(edge, nearer)
        if total > limit:
            return chosen
        if total <= limit - _step(limit):
            chosen = edge
        nearer = edge
    return nearer


def _line_starts_before(text: str, cursor: int, step: int) -> Iterator[int]:
    position = cursor
    while position > 0:
        line_start = text.rfind("\n", 0, position - 1) + 1
        if position - line_start > _STEPS_PER_LONG_LINE * step:
            position -= (position - line_start - 1) % step + 1
        else:
            position = line_start
        yield position


def _line_stops_after(text: str, cursor: int, step: int) -> Iterator[int]:
    position = cursor
    while position < len(text):
        newline = text.find("\n", position)
        line_stop = len(text) if newline < 0 else newline + 1
        if line_stop - position > _STEPS_PER_LONG_LINE * step:
            position += step - position % step
        else:
            position = line_stop
        yield position
