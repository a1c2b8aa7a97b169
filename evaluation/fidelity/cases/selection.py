"""All cases of a kind, over all packages."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from evaluation.fidelity.case import Case
from evaluation.fidelity.cases import (
    chunk_sets,
    fill_in,
    random_edits,
    related,
    releases,
    renames,
)
from evaluation.fidelity.cases.code_file import CodeFile, lines_of
from evaluation.fidelity.cases.drafts import LEAST_SHARE, Draft, Spot
from evaluation.fidelity.cases.package_code import PackageCode

_SHORTEST_TARGET, _LONGEST_TARGET = 12, 100  # characters without indentation
_LINES_APART = 10
"""Targets of one kind in one file are no neighbours: they would have the same prompt."""


def all_lines(package: PackageCode) -> Iterator[tuple[str, int]]:
    """Yield path and number of every line of a package, of whatever sort."""
    for path in sorted(package.texts):
        for line in range(len(lines_of(package.texts[path]))):
            yield path, line


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the cases of a kind are made: where a target may be, and what is done before it."""

    build: Callable[[Spot, random.Random], Draft | None]
    places: Callable[[PackageCode], Iterator[tuple[str, int]]] = all_lines


RECIPES = {
    "random-insert": Recipe(random_edits.insert),
    "random-delete": Recipe(random_edits.delete),
    "random-both": Recipe(random_edits.insert_and_delete),
    "related": Recipe(related.insert_related),
    "multi": Recipe(random_edits.insert_at_several_places),
    "rename": Recipe(renames.rename),
    "real": Recipe(releases.apply_earlier_hunks, releases.changed_lines),
    "typing": Recipe(fill_in.type_lines),
    "cursor": Recipe(fill_in.move_cursor),
    "chunk-swap": Recipe(chunk_sets.exchange_one),
    "chunk-order": Recipe(chunk_sets.reorder),
    "chunk-set": Recipe(chunk_sets.exchange_all),
}
"""One for each of `KINDS` and `CHUNK_KINDS`."""


def all_cases(
    kind: str,
    packages: Sequence[PackageCode],
    *,
    prompt_tokens: int,
    per_package: int,
    seed: int,
) -> Iterator[Case]:
    """Yield cases in rounds, one of each package that has another one.

    So the first cases of a run are as mixed as all of them. What a package gives depends on
    nothing but the package, the kind, the length and the seed: asking for more cases, or for
    more packages, leaves those of before as they were.

    Args:
        kind: One of `KINDS` or `CHUNK_KINDS`.
        packages: Their files are read when they are first needed, and kept.
        prompt_tokens: About how long the last prompt of a case is; never under three quarters.
        per_package: The most cases of one package; small ones have fewer.
        seed: Other targets and other places for another seed.
    """
    order = _Order(kind, prompt_tokens, seed)
    each = (islice(order.cases(package), per_package) for package in packages)
    return (case for case in chain.from_iterable(zip_longest(*each)) if case is not None)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked of every package."""

    kind: str
    prompt_tokens: int
    seed: int

    def cases(self, package: PackageCode) -> Iterator[Case]:
        """Yield the cases of one package in an order of chance."""
        places = list(RECIPES[self.kind].places(package))
        self._chance(package.title).shuffle(places)
        used: dict[str, list[int]] = {}
        for path, line in places:
            near = any(abs(line - other) < _LINES_APART for other in used.get(path, ()))
            # no text has more tokens than characters; that spares taking short files apart
            if near or len(package.texts[path]) < LEAST_SHARE * self.prompt_tokens:
                continue
            case = self._case(package, package.file(path), line)
            if case is not None:
                used.setdefault(path, []).append(line)
                yield case

    def _case(self, package: PackageCode, file: CodeFile, line: int) -> Case | None:
        if not _is_target(file, line):
            return None
        place = f"{package.title.replace(' ', '-')}/{file.path}:{line + 1}"
        spot = Spot(package, file, line, self.prompt_tokens)
        draft = RECIPES[self.kind].build(spot, self._chance(place))
        if draft is None:
            return None
        return Case(
            key=f"{self.kind}/{place}/{self.prompt_tokens}/{self.seed}",
            kind=self.kind,
            package=package.title,
            language=package.language,
            path=file.path,
            layout=draft.layout,
            states=draft.states,
            target=draft.target,
            prompt_tokens=self.prompt_tokens,
            are_chunks_met=draft.are_chunks_met,
        )

    def _chance(self, subject: str) -> random.Random:
        text = f"{self.seed} {self.kind} {self.prompt_tokens} {subject}"
        return random.Random(text)  # noqa: S311 - cases are drawn, nothing is kept secret


def _is_target(file: CodeFile, line: int) -> bool:
    length = len(file.lines[line].strip())
    return line in file.code_lines and _SHORTEST_TARGET <= length <= _LONGEST_TARGET
