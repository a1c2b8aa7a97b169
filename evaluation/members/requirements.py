"""What the packages of the corpus need to be understood. `requirements.toml` says it."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from evaluation.corpus.catalogue import ArchiveKind, PinnedPackage
from evaluation.corpus.errors import CorpusError

_TABLES = {ArchiveKind.WHEEL: "python", ArchiveKind.NPM: "npm", ArchiveKind.SOURCE: "source"}


@dataclass(frozen=True, slots=True)
class Build:
    """What the build of a package in C or C++ would tell a compiler.

    Attributes:
        flags: For the command line; folders are relative to the package's.
        headers: Texts, by path in the package, of headers that the build would write.
    """

    flags: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> tuple[str, ...]:
        """Return all of it; two builds differ if this does."""
        return (*self.flags, *(f"{path}\n{text}" for path, text in self.headers.items()))


def requirements_of(package: PinnedPackage) -> tuple[str, ...]:
    """Return what is to be installed, the package itself first, each at one version.

    Raises:
        CorpusError: If nobody has written down what the package needs.
    """
    needed = _tables().get(_TABLES[package.archive], {}).get(package.name)
    if needed is None:
        raise CorpusError(
            f"what {package.name} needs is not known; only packages in"
            " evaluation/members/requirements.toml can be analysed"
        )
    sign = "@" if package.archive is ArchiveKind.NPM else "=="
    return (f"{package.name}{sign}{package.latest.version}", *needed)


def build_of(package: PinnedPackage) -> Build:
    """Return how a package is compiled; nothing for languages that are not."""
    told = _tables().get("build", {}).get(package.name, {})
    return Build(tuple(told.get("flags", ())), told.get("headers", {}))


def identity_of(requirements: tuple[str, ...], build: Build) -> str:
    """Return a short hash of what a workspace consists of."""
    told = "\n".join((*requirements, *build.lines()))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    text = files("evaluation.members").joinpath("requirements.toml").read_text("utf-8")
    return tomllib.loads(text)
