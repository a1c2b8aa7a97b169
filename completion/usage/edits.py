"""One edit of a document, as small as it can be said."""

from dataclasses import dataclass

from completion.difference import replacement_between

_FARTHEST = 200
"""How far apart, in characters, two places are looked at that may mean the same edit."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """At `start`, `removed` made way for `inserted`. Offsets count code points."""

    start: int
    removed: str
    inserted: str

    @property
    def old_stop(self) -> int:
        """Where what was removed ended, before the edit."""
        return self.start + len(self.removed)

    @property
    def growth(self) -> int:
        """How much longer the text is now."""
        return len(self.inserted) - len(self.removed)

    def trimmed(self) -> "TextEdit":
        """Return the same edit without what it replaced by itself, at its front and its end."""
        change = replacement_between(self.removed, self.inserted)
        return TextEdit(
            self.start + change.start,
            self.removed[change.start : change.old_stop],
            self.inserted[change.start : change.new_stop],
        )

    def inserts(self, text: str, place: int, before: str) -> bool:
        """Tell whether the edit is the insertion of `text` at `place` of `before`.

        An insertion has no definite place among equal characters, and editors that compare
        texts name another one than where the cursor was.
        """
        if self.removed or len(text) != len(self.inserted):
            return False
        low, high = sorted((self.start, place))
        if high - low > _FARTHEST:
            return False
        between = before[low:high]
        if place <= self.start:
            return text + between == between + self.inserted
        return self.inserted + between == between + text

    def removes(self, start: int, stop: int, before: str) -> bool:
        """Tell whether the edit is the removal of `[start, stop)` of `before`, likewise."""
        length = len(self.removed)
        if self.inserted or stop - start != length:
            return False
        low, high = sorted((self.start, start))
        return high - low <= _FARTHEST and before[low:high] == before[low + length : high + length]
