"""The files a retriever learns from: somebody's own folders, or the packages of the corpus."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.weights.progress import Progress
from evaluation.corpus.catalogue import PinnedPackage, corpus_packages
from evaluation.corpus.fetching import fetch_all
from evaluation.corpus.splits import Split, packages_of
from evaluation.fidelity.cases.code_file import read_code
from retrieval.files import FileLimits, FoundFile, LeftOut, find_files, read_file
from retrieval.ignoring import IgnoreRules
from retrieval.training.errors import NothingToLearnError
from retrieval.training.pools import Purpose
from retrieval.training.samples import plain_code_lines
from retrieval.training.types import Repository
from warmline.languages import PLAIN_TEXT, language_of

_PARSED = ("python", "typescript", "rust")
"""Languages whose comments, strings and imports a grammar tells from code."""
_HELD_OUT_SHARE = 0.2  # of the files, where there are only somebody's own folders
_NO_CODE = ("markdown", "json", "yaml", "toml", "html", "css", PLAIN_TEXT)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where samples come from.

    Attributes:
        repository: All of its files: candidates come from any of them.
        sampled: By purpose, the paths that samples are taken from.
        source: What a model card says of it: a package and its version, or a folder's name.
        license: Of a package; empty for somebody's own folder.
    """

    repository: Repository
    sampled: Mapping[Purpose, frozenset[str]]
    source: str
    license: str = ""


def packages(progress: Progress, most: int | None = None) -> tuple[list[Origin], tuple[str, ...]]:
    """Return the corpus's packages for training, those for development held out, and complaints.

    Test packages are never read.

    Args:
        progress: Told about downloads.
        most: How many packages of either split, the first ones.
    """
    wanted = {
        Purpose.TRAINING: packages_of(Split.TRAINING, corpus_packages())[:most],
        Purpose.HELD_OUT: packages_of(Split.DEVELOPMENT, corpus_packages())[:most],
    }
    origins: list[Origin] = []
    complaints: list[str] = []
    for purpose, chosen in wanted.items():
        corpus = fetch_all(chosen, progress)
        complaints += corpus.complaints
        origins += [_package(each.package, each.latest, purpose) for each in corpus.sources]
    return origins, tuple(complaints)


def folders(paths: Sequence[Path]) -> list[Origin]:
    """Return somebody's own repositories; a fifth of their files is held out.

    Which files, their paths decide, so that it stays so when others change.

    Raises:
        NothingToLearnError: If a folder is missing.
    """
    return [_folder(path) for path in paths]


def code_lines(path: str, text: str) -> Collection[int]:
    """Return the lines that are code, by a grammar where there is one; see `samples.CodeLines`."""
    language = language_of(Path(path)).removesuffix("react")
    if language in _PARSED:
        return read_code(path, text, language, len).code_lines
    return plain_code_lines(path, text)


def _package(package: PinnedPackage, texts: Mapping[str, str], purpose: Purpose) -> Origin:
    repository = Repository(package.name, texts)
    return Origin(repository, {purpose: frozenset(texts)}, package.title, package.license)


def _folder(path: Path) -> Origin:
    root = path.resolve()
    if not root.is_dir():
        raise NothingToLearnError(f"{path} is not a folder; name the root of a repository.")
    texts = dict(_texts(root))
    code = [path for path in texts if language_of(Path(path)) not in _NO_CODE]
    held_out = frozenset(path for path in code if _is_held_out(path))
    sampled = {Purpose.TRAINING: frozenset(code) - held_out, Purpose.HELD_OUT: held_out}
    return Origin(Repository(root.name, texts), sampled, source=f"the folder {root.name}")


def _texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that an index of the folder has too."""
    limits = FileLimits()
    for found in find_files(root, IgnoreRules(root), limits):
        if isinstance(found, FoundFile):
            read = read_file(root, found.path, limits)
            if not isinstance(read, LeftOut):
                yield found.path, read[0]


def _is_held_out(path: str) -> bool:
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()
    return digest[0] / 256 < _HELD_OUT_SHARE
