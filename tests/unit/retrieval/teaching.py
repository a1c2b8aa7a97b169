"""What tests of training share: a made-up repository and a reward model that knows what helps."""

from collections.abc import Sequence
from itertools import product

from retrieval.lexical import LexicalIndex
from retrieval.query import query_of
from retrieval.training.pools import PooledSample, Purpose
from retrieval.training.types import Context, Repository, Sample, SampleKind
from retrieval.types import Place


class KnowingRewards:
    """Says that only chunks of one kind of file help, and counts how often it is asked."""

    def __init__(self, helpful_folder: str, *, identity: str = "knowing") -> None:
        self.identity = identity
        self.asked: list[tuple[str, str]] = []
        self._helpful_folder = helpful_folder

    def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
        self.asked += [(sample.key, each.path if each else "") for each in contexts]
        return tuple(self._loss(sample, each) for each in contexts)

    def _loss(self, sample: Sample, context: Context) -> float:
        if context is None:
            return 2.0
        is_needed = sample.kind is not SampleKind.LOCAL
        helps = is_needed and context.path.startswith(self._helpful_folder)
        return 1.0 if helps else 2.2


def teaching_samples(num_training: int = 32, num_held_out: int = 10) -> list[PooledSample]:
    """Return samples that all files share words with, and for which only `schema/` helps.

    Every second one needs nothing, which the line before the cursor shows.
    """
    return [
        _pooled(index, Purpose.TRAINING if index < num_training else Purpose.HELD_OUT)
        for index in range(num_training + num_held_out)
    ]


def small_repository() -> Repository:
    """Return two files, of which one uses names that the other one defines."""
    shapes = "".join(f"class Shape{index}:\n    sides = {index}\n\n" for index in range(9))
    uses = "import shapes\n\n\ndef measure(values):\n    total = 0\n"
    for index in range(9):
        uses += f"    total += shapes.Shape{index}().sides\n    values.append(total)\n" * 4
    return Repository("geometry", {"shapes.py": shapes, "use/measure.py": uses})


def _pooled(index: int, purpose: Purpose) -> PooledSample:
    needs_nothing = index % 2 == 1
    name = f"record_{index}"
    last = "plainly local counter" if needs_nothing else f"load {name} columns"
    before = f"open {name} table\n{last}\n"
    place = Place("app/main.py", before, len(before))
    repository = LexicalIndex()
    for folder, part in product(("notes", "schema", "views"), range(2)):
        text = f"{folder} {name} table columns counter {part}"
        repository.replace(f"{folder}/{name}_{part}.py", text)
    sample = Sample(
        key=f"made-up/{index}",
        repository="made-up",
        kind=SampleKind.LOCAL if needs_nothing else SampleKind.CROSSFILE,
        place=place,
        truth="save()",
    )
    pool = repository.search(query_of(place), 10, without_path=place.path)
    return PooledSample(sample, purpose, pool)
