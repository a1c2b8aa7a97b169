"""The pinned packages, with the sha256 of every archive.

`packages.toml` has those that models are measured with. `analysed.toml` has more of them, in more
languages, for whoever asks only which names exist: no edit is replayed in those, no retriever
learns from them, and adding one changes no case of any other suite.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("python", "typescript", "rust")
"""Of `corpus_packages`, as in `completion.languages`."""
ANALYSED_LANGUAGES = ("javascript", "c", "cpp", "java")
"""Of `analysed_packages`, likewise."""


class ArchiveKind(StrEnum):
    """What is fetched, and by which program."""

    WHEEL = "wheel"  # pip; pure Python
    SOURCE = "source"  # pip; a source distribution with other languages in it
    NPM = "npm"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package.

    Attributes:
        version: As the registry writes it.
        released: Day of its release as the registry tells it, YYYY-MM-DD.
        sha256: Of the archive, in hexadecimal.
    """

    version: str
    released: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PinnedPackage:
    """One release of one package."""

    name: str
    language: str
    archive: ArchiveKind
    license: str
    latest: Release

    @property
    def title(self) -> str:
        """Name and version, as cases and reports call it."""
        return f"{self.name} {self.latest.version}"

    @property
    def releases(self) -> tuple[Release, ...]:
        """All that are pinned, the latest last."""
        return (self.latest,)


@dataclass(frozen=True, slots=True)
class CorpusPackage(PinnedPackage):
    """Two consecutive releases of one package."""

    previous: Release

    @property
    def releases(self) -> tuple[Release, Release]:
        """Both, the older one first."""
        return self.previous, self.latest


@cache
def corpus_packages() -> tuple[CorpusPackage, ...]:
    """Return all packages that models are measured with, in their order: Python first."""
    return tuple(
        CorpusPackage(**_pinned(entry), previous=Release(**entry["previous"]))
        for entry in _entries("packages.toml")
    )


@cache
def analysed_packages() -> tuple[PinnedPackage, ...]:
    """Return all packages that only analysers are asked about, in their order."""
    return tuple(PinnedPackage(**_pinned(entry)) for entry in _entries("analysed.toml"))


def _entries(name: str) -> Sequence[Mapping[str, Any]]:
    text = files("evaluation.corpus").joinpath(name).read_text("utf-8")
    entries: list[Mapping[str, Any]] = tomllib.loads(text)["package"]
    return entries


def _pinned(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "language": entry["language"],
        "archive": ArchiveKind(entry["archive"]),
        "license": entry["license"],
        "latest": Release(**entry["latest"]),
    }
