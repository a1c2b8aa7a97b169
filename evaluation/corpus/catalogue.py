"""The pinned packages. `packages.toml` says which, with the sha256 of every archive."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("python", "typescript", "rust")
"""Of the packages, as in `completion.languages`."""


class ArchiveKind(StrEnum):
    """What is fetched, and by which program."""

    WHEEL = "wheel"  # pip; pure Python
    SOURCE = "source"  # pip; a source distribution with Rust in it
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
class CorpusPackage:
    """Two consecutive releases of one package."""

    name: str
    language: str
    archive: ArchiveKind
    license: str
    latest: Release
    previous: Release

    @property
    def title(self) -> str:
        """Name and version, as cases and reports call it."""
        return f"{self.name} {self.latest.version}"

    @property
    def releases(self) -> tuple[Release, Release]:
        """Both, the older one first."""
        return self.previous, self.latest


@cache
def corpus_packages() -> tuple[CorpusPackage, ...]:
    """Return all packages in the order of the list: Python first."""
    text = files("evaluation.corpus").joinpath("packages.toml").read_text("utf-8")
    return tuple(_package(entry) for entry in tomllib.loads(text)["package"])


def _package(entry: Mapping[str, Any]) -> CorpusPackage:
    return CorpusPackage(
        name=entry["name"],
        language=entry["language"],
        archive=ArchiveKind(entry["archive"]),
        license=entry["license"],
        latest=Release(**entry["latest"]),
        previous=Release(**entry["previous"]),
    )
