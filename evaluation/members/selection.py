"""The sites of a kind, drawn evenly over packages and over their files."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, zip_longest
from pathlib import PurePosixPath
from typing import TypeVar

from evaluation.corpus.fetching import Files, PackageSource
from evaluation.fidelity.cases.code_file import lines_of
from evaluation.members.c_places import c_places
from evaluation.members.java_places import java_places
from evaluation.members.places import Place
from evaluation.members.python_places import python_places
from evaluation.members.site import NameSite
from evaluation.members.typescript_places import typescript_places

_NAME = re.compile(r"[^\W\d]\w*")
_LANGUAGES = {
    **dict.fromkeys((".js", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".cpp", ".cc", ".cxx"), "cpp"),
    ".py": "python",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".c": "c",
    ".java": "java",
}
_LINES_APART = 5
"""Sites of one kind in one file are no neighbours: they would have nearly the same answer."""

ItemType = TypeVar("ItemType")


class NameCounts:
    """In how many files of the corpus each name stands.

    Args:
        files: Of all packages of one language.
    """

    def __init__(self, files: Iterable[Files]) -> None:
        texts = (text for each in files for text in each.values())
        self._files = Counter(chain.from_iterable(set(_NAME.findall(text)) for text in texts))

    def other_files(self, name: str) -> int:
        """Return how many files have a name, but for the one it was found in."""
        return max(0, self._files[name.lstrip("#")] - 1)


@dataclass(frozen=True)
class PackageSites:
    """Where in a package's latest release there are names to be written."""

    source: PackageSource
    counts: NameCounts

    def sites(self, sort: str, seed: int) -> Iterator[NameSite]:
        """Yield all sites of a sort: one of each file that has another one, in turn."""
        chance = random.Random(f"{seed} {sort} {self.source.package.title}")  # noqa: S311 - no secret
        files = sorted(self._places)
        chance.shuffle(files)
        return in_turn([self._sites_of(path, sort, chance) for path in files])

    @cached_property
    def _places(self) -> dict[str, tuple[Place, ...]]:
        return {path: tuple(_find(path, text)) for path, text in self.source.latest.items()}

    def _sites_of(self, path: str, sort: str, chance: random.Random) -> Iterator[NameSite]:
        own = [place for place in self._places[path] if place.sort == sort]
        return (self._site(path, place) for place in _apart(own, chance))

    def _site(self, path: str, place: Place) -> NameSite:
        package, lines = self.source.package, lines_of(self.source.latest[path])
        line = lines[place.line].removesuffix("\n")
        stop = place.column + len(place.name)
        kind = f"{package.language}/{place.sort}"
        where = f"{package.title.replace(' ', '-')}/{path}:{place.line + 1}:{place.column + 1}"
        return NameSite(
            key=f"{kind}/{where}",
            kind=kind,
            package=package.title,
            language=language_of(path),
            path=path,
            before="".join(lines[: place.line]) + line[: place.column],
            name=place.name,
            rest=line[stop:],
            after="\n" + "".join(lines[place.line + 1 :]),
            other_files=self.counts.other_files(place.name),
        )


def all_sites(
    kind: str, packages: Sequence[PackageSites], *, per_package: int, seed: int
) -> Iterator[NameSite]:
    """Yield the sites of a kind in rounds, one of each package that has another one.

    What a package gives depends on nothing but the package, the kind and the seed.
    """
    language, _, sort = kind.partition("/")
    own = [each for each in packages if each.source.package.language == language]
    return in_turn([islice(each.sites(sort, seed), per_package) for each in own])


def in_turn(streams: Sequence[Iterable[ItemType]]) -> Iterator[ItemType]:
    """Yield one of each stream that has another one, round after round."""
    rounds = zip_longest(*streams)
    return (item for each in rounds for item in each if item is not None)


def language_of(path: str) -> str:
    """Return the LSP language identifier of a file of the corpus."""
    return _LANGUAGES[PurePosixPath(path).suffix]


def _find(path: str, text: str) -> Iterator[Place]:
    language = language_of(path)
    match language:
        case "python":
            return python_places(text)
        case "java":
            return java_places(text)
        case "c" | "cpp":
            return c_places(text, language)
        case _:
            return typescript_places(text, language)


def _apart(places: list[Place], chance: random.Random) -> list[Place]:
    """Shuffle places, and leave out those that stand near to one before them."""
    chance.shuffle(places)
    kept: list[Place] = []
    for place in places:
        if all(abs(place.line - other.line) >= _LINES_APART for other in kept):
            kept.append(place)
    return kept
