"""Where the lines of a text begin, as the protocol counts lines.

Lines end at CR LF, CR and LF only. `str.splitlines` also ends them at form feeds, U+2028 and
others, which no editor does, and would put every later position off.
"""

import re
from bisect import bisect_left, bisect_right

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class LineIndex:
    """Line starts of one text, as offsets in code points, followed edit by edit.

    Starts from `_pivot` on are stored without `_shift`, the sum of what edits before them
    added and removed. So typing in one place touches only the lines between that place and the
    one edited before, not all the lines below.
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self._pivot = len(self._starts)
        self._shift = 0

    def __len__(self) -> int:
        return len(self._starts)

    def start(self, line: int) -> int:
        """Return the offset at which `line` begins."""
        return self._starts[line] + (self._shift if line >= self._pivot else 0)

    def stop(self, line: int, text: str) -> int:
        """Return the offset at which `line` ends, in front of its line break."""
        if line + 1 == len(self):
            return len(text)
        stop = self.start(line + 1) - 1
        ends_in_two = text[stop] == "\n" and text[stop - 1 : stop] == "\r"
        return stop - 1 if ends_in_two else stop

    def line_at(self, offset: int) -> int:
        """Return the line that holds `offset`."""
        return bisect_right(range(len(self)), offset, key=self.start) - 1

    def follow(self, text: str, start: int, stop: int, length: int) -> None:
        """Follow an edit that put `length` characters in the place of `[start, stop)`.

        Whether a line begins at an offset depends on the characters just before and just
        after it, so the ends of the edit are looked at again too: CR and LF may have met there
        or been parted.

        Args:
            text: The text after the edit.
            start: Offset of the edit.
            stop: End of what was replaced, before the edit.
            length: Characters now in its place.
        """
        first = bisect_left(range(len(self)), max(start, 1), key=self.start)
        last = max(first, bisect_right(range(len(self)), stop, key=self.start))
        self._move_pivot(last)
        found = _starts_between(text, start, start + length)
        self._starts[first:last] = found
        self._pivot = first + len(found)
        self._shift += length - (stop - start)

    def _move_pivot(self, line: int) -> None:
        """Let the shift apply from `line` on, without changing any start."""
        low, high = sorted((self._pivot, line))
        shift = self._shift if line > self._pivot else -self._shift
        self._starts[low:high] = [start + shift for start in self._starts[low:high]]
        self._pivot = line


def _starts_between(text: str, start: int, stop: int) -> list[int]:
    """Return the line starts in `[start, stop]`, both ends included, the text's own not."""
    breaks = _LINE_BREAK.finditer(text, max(start - 1, 0), min(stop + 1, len(text)))
    return [match.end() for match in breaks if start <= match.end() <= stop]
