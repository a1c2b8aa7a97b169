"""Where documents were edited of late: often what the next edit elsewhere goes on with."""

from collections.abc import Iterator
from dataclasses import dataclass

from completion.difference import replacement_between
from completion.document import Document
from retrieval.types import Chunk

CAPACITY = 8  # places, over all documents
LINES_AROUND = 7
"""Lines on either side of an edit, so that a place is as long as other chunks."""


@dataclass(slots=True)
class _EditedPlace:
    document: Document
    offset: int

    @property
    def line(self) -> int:
        return self.document.text.count("\n", 0, self.offset)


class RecentEdits:
    """Remembers the last places where somebody wrote, and follows them through later edits."""

    def __init__(self) -> None:
        self._places: list[_EditedPlace] = []  # the last one first

    def follow(self, old: Document, new: Document) -> None:
        """Take in an edit; an earlier place around it is the same place."""
        edit = replacement_between(old.text, new.text)
        newest = _EditedPlace(new, edit.new_stop)
        kept = []
        for place in self._places:
            if place.document.name == new.name:
                moved = edit.moved(place.offset)
                if moved is None or _is_near(new.text, moved, edit.new_stop):
                    continue
                place.document, place.offset = new, moved
            kept.append(place)
        self._places = [newest, *kept][:CAPACITY]

    def close(self, name: str) -> None:
        """Forget a document: what of it is on disk may be something else."""
        self._places = [place for place in self._places if place.document.name != name]

    def elsewhere(self, name: str) -> Iterator[tuple[str, Chunk]]:
        """Return each place outside document `name`, the last one first.

        Returns:
            The other document's name, and the lines around the edit with no path and score.
        """
        for place in self._places:
            if place.document.name != name:
                yield place.document.name, _chunk_around(place)


def _is_near(text: str, one: int, other: int) -> bool:
    start, stop = sorted((one, other))
    return text.count("\n", start, stop) <= LINES_AROUND


def _chunk_around(place: _EditedPlace) -> Chunk:
    lines = place.document.text.split("\n")  # `splitlines` knows line ends that editors do not
    first = max(0, place.line - LINES_AROUND)
    text = "\n".join(lines[first : place.line + LINES_AROUND + 1])
    return Chunk("", first, text, 0.0)
