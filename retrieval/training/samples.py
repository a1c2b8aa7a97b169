"""Places in real files at which to learn: where somebody could be writing, and what came next."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle, islice
from typing import TypeVar

from retrieval.names import names_defined_in, names_in
from retrieval.training.types import Repository, Sample, SampleKind
from retrieval.types import Place

CodeLines = Callable[[str, str], Collection[int]]
"""From a path and its text to the indices of lines that are code."""

Item = TypeVar("Item")
_Place = tuple[str, int]  # a path and the index of a line

PATTERN = (SampleKind.CROSSFILE, SampleKind.LOCAL, SampleKind.CROSSFILE, SampleKind.LINE)
"""The kinds in turn: half of them need another file, a quarter needs nothing, a quarter may."""

_FEWEST_LINES_BEFORE = 8
_LINES_APART = 6
"""Places in one file are no neighbours, since those would ask for the same chunks."""
_SHORTEST_LINE, _LONGEST_LINE = 8, 120  # characters without indentation
_MOST_DEFINING_FILES = 4
"""A name that more files define is too common a word to be looked up."""
_SHORTEST_NAME = 4


def draw_samples(
    repository: Repository, num_samples: int, seed: int, code_lines: CodeLines
) -> tuple[Sample, ...]:
    """Return up to so many samples of a repository, of all kinds in turn.

    Which ones depends on the repository's files and the seed alone, and asking for more leaves
    the first ones as they are.
    """
    maker = _Maker(repository, _defining_paths(repository.texts))
    places = _Places(repository, seed, code_lines)
    used: dict[str, list[int]] = {}
    streams = {kind: maker.samples(kind, places.in_turn(), used) for kind in SampleKind}
    turns = (next(streams[kind], None) for kind in cycle(PATTERN))
    return tuple(islice(_until_dry(turns, len(PATTERN)), num_samples))


def plain_code_lines(path: str, text: str) -> Collection[int]:
    """Take for code, in whatever language, what begins as neither comment nor import does."""
    del path
    lines = enumerate(text.split("\n"))
    return [index for index, line in lines if not line.strip().startswith(_NOT_CODE)]


_NOT_CODE = ("#", "//", "/*", "*", "--", '"""', "'''", "import ", "from ", "use ", "using ")


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes samples of one repository.

    Attributes:
        repository: Whose.
        defining: The paths of the files that define a name.
    """

    repository: Repository
    defining: Mapping[str, frozenset[str]]

    def samples(
        self, kind: SampleKind, places: Iterable[_Place], used: dict[str, list[int]]
    ) -> Iterator[Sample]:
        """Yield the samples of one kind; `used` keeps those of all kinds apart."""
        for path, index in places:
            if any(abs(index - other) < _LINES_APART for other in used.get(path, ())):
                continue
            if self._is_of_kind(kind, path, index):
                used.setdefault(path, []).append(index)
                yield self._sample(kind, path, index)

    def _is_of_kind(self, kind: SampleKind, path: str, index: int) -> bool:
        text = self.repository.texts[path]
        line = text.split("\n")[index]
        names = names_in(line)
        match kind:
            case SampleKind.CROSSFILE:
                return any(self._is_foreign(name, path) for name in names)
            case SampleKind.LOCAL:
                before = names_in("\n".join(text.split("\n")[:index]))
                is_own = all(path in self.defining.get(name, (path,)) for name in names)
                return is_own and names <= before
            case SampleKind.LINE:
                return bool(names)

    def _is_foreign(self, name: str, path: str) -> bool:
        paths = self.defining.get(name, frozenset())
        is_telling = len(name) >= _SHORTEST_NAME and len(paths) <= _MOST_DEFINING_FILES
        return is_telling and bool(paths) and path not in paths

    def _sample(self, kind: SampleKind, path: str, index: int) -> Sample:
        """Cut a line out, at one of its two natural cursors.

        Either the line before has just been ended in thought, and its line feed is to be written
        too, or the cursor stands indented on a new line.
        """
        text = self.repository.texts[path]
        start = sum(len(line) + 1 for line in text.split("\n")[:index])
        stop = text.index("\n", start) if "\n" in text[start:] else len(text)
        key = f"{self.repository.name}/{path}:{index + 1}"
        is_indented = random.Random(key).random() < 0.5  # noqa: S311, PLR2004 - no secret
        line = text[start:stop]
        start += len(line) - len(line.lstrip()) if is_indented else -1
        return Sample(
            key=f"{key}:{'line' if is_indented else 'end'}",
            repository=self.repository.name,
            kind=kind,
            place=Place(path, text[:start] + text[stop:], start),
            truth=text[start:stop],
        )


class _Places:
    """All lines of a repository that could be written next, in an order of chance.

    Files are taken apart when they are first needed.
    """

    def __init__(self, repository: Repository, seed: int, code_lines: CodeLines) -> None:
        self._texts = repository.texts
        self._chance = f"{seed} {repository.name}"
        self._code_lines = code_lines
        self._lines: dict[str, list[int]] = {}  # by path

    def in_turn(self) -> Iterator[_Place]:
        """Yield a line of each file, then another line of each, until there are no more."""
        paths = self._shuffled(sorted(self._texts), "")
        for turn in count():
            num_yielded = 0
            for path in paths:
                if turn < len(lines := self._lines_of(path)):
                    num_yielded += 1
                    yield path, lines[turn]
            if not num_yielded:
                return

    def _lines_of(self, path: str) -> list[int]:
        if path not in self._lines:
            lines = _target_lines(path, self._texts[path], self._code_lines)
            self._lines[path] = self._shuffled(list(lines), path)
        return self._lines[path]

    def _shuffled(self, items: list[Item], subject: str) -> list[Item]:
        chance = random.Random(f"{self._chance} {subject}")  # noqa: S311 - no secret
        return chance.sample(items, len(items))


def _target_lines(path: str, text: str, code_lines: CodeLines) -> Iterator[int]:
    lines = text.split("\n")
    for index in sorted(code_lines(path, text)):
        is_fitting = _SHORTEST_LINE <= len(lines[index].strip()) <= _LONGEST_LINE
        if index >= _FEWEST_LINES_BEFORE and is_fitting:
            yield index


def _defining_paths(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    paths: dict[str, set[str]] = {}
    for path, text in texts.items():
        for name in names_defined_in(text):
            paths.setdefault(name, set()).add(path)
    return {name: frozenset(each) for name, each in paths.items()}


def _until_dry(turns: Iterator[Sample | None], num_turns: int) -> Iterator[Sample]:
    """Yield what comes until so many turns in a row have brought nothing."""
    num_dry = 0
    for sample in turns:
        num_dry = 0 if sample else num_dry + 1
        if num_dry == num_turns:
            return
        if sample:
            yield sample
