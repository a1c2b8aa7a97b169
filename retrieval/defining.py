"""Which chunks give a meaning to a name."""

from collections.abc import Collection, Iterable, Sequence


class DefiningChunks:
    """Slots by the names that are defined there. Not thread-safe."""

    def __init__(self) -> None:
        self._slots: dict[str, list[int]] = {}
        self._names: dict[int, tuple[str, ...]] = {}  # sorted

    def add(self, slot: int, names: Iterable[str]) -> None:
        """Take in a chunk, given the names that `retrieval.names` finds defined in it."""
        self._names[slot] = tuple(sorted(names))
        for name in self._names[slot]:
            self._slots.setdefault(name, []).append(slot)

    def remove(self, slot: int) -> None:
        """Forget a chunk."""
        for name in self._names.pop(slot):
            slots = self._slots[name]
            slots.remove(slot)
            if not slots:
                del self._slots[name]

    def names(self, slot: int) -> tuple[str, ...]:
        """Return the names with which a chunk was added, sorted."""
        return self._names[slot]

    def find(self, name: str, without: Collection[int] = ()) -> Sequence[int]:
        """Return the slots of all chunks that define a name, but for some, in no order."""
        return [slot for slot in self._slots.get(name, ()) if slot not in without]


def distance(path: str, other: str) -> int:
    """Return how many folders are left and entered on the way from one file to another."""
    folders, others = path.split("/")[:-1], other.split("/")[:-1]
    num_common = 0
    for left, right in zip(folders, others, strict=False):
        if left != right:
            break
        num_common += 1
    return len(folders) + len(others) - 2 * num_common
