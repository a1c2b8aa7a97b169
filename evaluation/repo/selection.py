"""All tasks of a kind, over all packages."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, zip_longest

from evaluation.corpus.fetching import PackageSource
from evaluation.fidelity.case import FILL_IN
from evaluation.fidelity.cases.code_file import CountTokens, indentation_of, lines_of
from evaluation.repo.package_names import PackageNames
from evaluation.repo.task import API, CROSSFILE, FUNCTION, LINE, LOCAL, Task

FUNCTION_TOKENS = 96
"""As much of a function's body is a target, in whole lines."""
_SHORTEST_TARGET, _LONGEST_TARGET = 12, 100  # characters without indentation
_LINES_APART = 10
"""Targets of one kind in one file are no neighbours: they would have nearly the same prompt."""
_FEWEST_BEFORE = 10  # lines; before them hardly anything is known
_FEWEST_BODY_LINES = 2


class PackageTasks:
    """Where in a package's latest release there is something to be written.

    Args:
        source: Of which the latest release is used.
        count_tokens: How many tokens a text has by itself.
    """

    def __init__(self, source: PackageSource, count_tokens: CountTokens) -> None:
        self.title = source.package.title
        self.language = source.package.language
        self.files = source.latest
        self._count_tokens = count_tokens
        self.names = PackageNames(self.files, self.language)

    def places(self, kind: str) -> Iterator[tuple[str, range]]:
        """Yield path and lines of all targets of a kind.

        There is text to go on from before each. None begins with a line that stands elsewhere in
        the same file too: it could be copied from the context, whatever was retrieved.
        """
        find = _function_bodies if kind == FUNCTION else _single_lines(kind)
        for path in sorted(self.files):
            lines = self.lines(path)
            counts = Counter(map(str.strip, lines))
            for target in find(self, path):
                is_unique = counts[lines[target.start].strip()] == 1
                if is_unique and target.start >= _FEWEST_BEFORE:
                    yield path, target

    def lines(self, path: str) -> Sequence[str]:
        """Return the lines of a file, with their ends."""
        return lines_of(self.files[path])

    def is_copied(self, path: str, line: str) -> bool:
        """Tell whether another file has a line with the same text."""
        own = sum(each.strip() == line.strip() for each in self.lines(path))
        return self._line_counts[line.strip()] > own

    def cut_body(self, lines: Sequence[str], body: range) -> range:
        """Return the leading lines of a body that are short enough to be written."""
        num_tokens, stop = 0, body.start
        for line in body:
            num_tokens += self._count_tokens(lines[line])
            if num_tokens > FUNCTION_TOKENS:
                break
            stop = line + 1
        while stop > body.start and not lines[stop - 1].strip():
            stop -= 1
        return range(body.start, stop)

    @cached_property
    def _line_counts(self) -> Counter[str]:
        return Counter(line.strip() for path in self.files for line in self.lines(path))


FindTargets = Callable[[PackageTasks, str], Iterator[range]]


def _single_lines(kind: str) -> FindTargets:
    """Return what finds lines of code for which a rule holds."""

    def find(package: PackageTasks, path: str) -> Iterator[range]:
        lines = package.lines(path)
        for line in sorted(package.names.symbols(path).code_lines):
            is_sized = _SHORTEST_TARGET <= len(lines[line].strip()) <= _LONGEST_TARGET
            if is_sized and _RULES[kind](package.names, path, line):
                yield range(line, line + 1)

    return find


def _function_bodies(package: PackageTasks, path: str) -> Iterator[range]:
    """Yield what functions begin with, behind their documentation."""
    lines, symbols = package.lines(path), package.names.symbols(path)
    for each in symbols.definitions:
        if each.body is None:
            continue
        code = [line for line in range(*each.body) if line in symbols.code_lines]
        if code:
            target = package.cut_body(lines, range(code[0], each.body[1]))
            if len(target) >= _FEWEST_BODY_LINES:
                yield target


def _is_local(names: PackageNames, path: str, line: int) -> bool:
    has_names = bool(names.symbols(path).uses_by_line.get(line))
    return has_names and not names.may_be_foreign(path, line)


_RULES: Mapping[str, Callable[[PackageNames, str, int], bool]] = {
    LINE: lambda _names, _path, _line: True,
    API: lambda names, path, line: bool(names.called_names(path, line)),
    CROSSFILE: lambda names, path, line: bool(names.foreign_names(path, line)),
    LOCAL: _is_local,
}


def all_tasks(
    kind: str,
    layout: str,
    packages: Sequence[PackageTasks],
    *,
    per_package: int,
    seed: int,
) -> Iterator[Task]:
    """Yield tasks in rounds, one of each package that has another one.

    So the first tasks of a run are as mixed as all of them. What a package gives depends on
    nothing but the package, the kind and the seed; both layouts ask for the same places.
    """
    each = (
        islice(_package_tasks(kind, layout, package, seed), per_package) for package in packages
    )
    return (task for task in chain.from_iterable(zip_longest(*each)) if task is not None)


def _package_tasks(kind: str, layout: str, package: PackageTasks, seed: int) -> Iterator[Task]:
    places = list(package.places(kind))
    random.Random(f"{seed} {kind} {package.title}").shuffle(places)  # noqa: S311 - drawn, no secret
    used: dict[str, list[int]] = {}
    for path, target in places:
        if any(abs(target.start - other) < _LINES_APART for other in used.get(path, ())):
            continue
        used.setdefault(path, []).append(target.start)
        yield _Cutter(package, path, target).task(kind, layout, seed)


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Takes some lines out of a file."""

    package: PackageTasks
    path: str
    target: range

    def task(self, kind: str, layout: str, seed: int) -> Task:
        lines = self.package.lines(self.path)
        before, after = "".join(lines[: self.target.start]), ""
        written = "".join(lines[self.target.start : self.target.stop]).removesuffix("\n")
        if layout == FILL_IN:
            indentation = indentation_of(lines[self.target.start])
            before, written = before + indentation, written.removeprefix(indentation)
            after = "\n" + "".join(lines[self.target.stop :])
        place = f"{self.package.title.replace(' ', '-')}/{self.path}:{self.target.start + 1}"
        return Task(
            key=f"{kind}/{layout}/{place}/{seed}",
            kind=kind,
            package=self.package.title,
            language=self.package.language,
            layout=layout,
            path=self.path,
            before=before,
            after=after,
            target=written,
            is_copied=self.package.is_copied(self.path, lines[self.target.start]),
        )
