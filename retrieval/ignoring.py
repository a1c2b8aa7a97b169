"""Which files of a folder are nobody's to read: ignore files, and what is left out by itself."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from retrieval.secrets import PRIVATE_FILES

OWN_IGNORE_FILE = ".warmlineignore"
"""In the syntax of .gitignore; decides before everything else, also with `!` what is read."""
IGNORE_FILES = frozenset({OWN_IGNORE_FILE, ".gitignore"})
"""Names of files after whose change everything is to be looked at again."""

_EXCLUDE_FILE = ".git/info/exclude"
_NAMES_OF_IGNORE_FILES = IGNORE_FILES | {_EXCLUDE_FILE}

_LEFT_OUT = {
    "kept by tools for themselves": """
        .git/ .hg/ .svn/ .jj/ node_modules/ bower_components/ __pycache__/ .venv/ .tox/ .nox/
        .mypy_cache/ .ruff_cache/ .pytest_cache/ .hypothesis/ .idea/ .gradle/ .terraform/ .eggs/
        *.egg-info/ .cache/ .git .DS_Store""",
    "may hold secrets": PRIVATE_FILES,
    "data, or written by a program": """
        *.min.js *.min.css *.map *.lock package-lock.json npm-shrinkwrap.json pnpm-lock.yaml
        go.sum *.svg *.csv *.tsv *.jsonl *.ipynb *.log *.patch *.diff *.po *.pdf""",
}
_MARKS = {"pyvenv.cfg": "a Python environment", "CACHEDIR.TAG": "a cache, says its CACHEDIR.TAG"}
_MAX_IGNORE_FILE_BYTES = 65_536
# More wildcards between two slashes, or more `**`, let a regular expression try for hours.
_MAX_STARS = 3


@dataclass(frozen=True, slots=True)
class _Rules:
    """One file of patterns. `prefix` is put before a path to have it seen from there."""

    name: str
    spec: GitIgnoreSpec
    directory: str = ""  # relative to the folder
    prefix: str = ""  # of the folder, seen from a directory above it

    def verdict(self, path: str) -> str | None:
        """Return why a path is left out, "" if it is to be read, None if neither is said."""
        checked = self.spec.check_file(self.prefix + path.removeprefix(self.directory))
        if checked.include is None or checked.index is None:
            return None
        pattern = self.spec.patterns[checked.index].pattern
        return f"{self.name}: {pattern!s}" if checked.include else ""


class IgnoreRules:
    """What is not to be read in one folder. Not thread-safe.

    Paths are relative to the folder, with forward slashes. Ignore files are read once; whoever
    learns that one has changed makes new rules.

    Args:
        root: The folder. Where it lies inside a git repository, that one's rules hold as well.
        apart: Directories in it that are folders of their own, and left out here.
    """

    def __init__(self, root: Path, apart: Iterable[str] = ()) -> None:
        self._root = root
        self._above = tuple(_rules_above(root))
        self._rules: dict[str, tuple[_Rules, ...]] = {}  # by directory, its own and all above
        self._directory_reasons = {"": "", **dict.fromkeys(apart, "a folder of its own")}

    def reason_for_file(self, path: str) -> str:
        """Return why a file is left out, in a few words; empty if it is not."""
        directory = _parent(path)
        return self.reason_for_directory(directory) or self._reason(path, directory)

    def reason_for_directory(self, directory: str) -> str:
        """Return why a directory is left out with all that is in it; empty if it is not."""
        known = self._directory_reasons.get(directory)
        if known is None:
            above = _parent(directory)
            known = (
                self.reason_for_directory(above)
                or self._reason(directory + "/", above)
                or self._marked_reason(directory)
            )
            self._directory_reasons[directory] = known
        return known

    def _reason(self, path: str, directory: str) -> str:
        rules = self._rules_in(directory)
        for are_own in (True, False):
            for each in reversed(rules):
                verdict = None
                if (each.name == OWN_IGNORE_FILE) is are_own:
                    verdict = each.verdict(path)
                if verdict is not None:
                    return verdict
        return next(filter(None, (each.verdict(path) for each in _standard_rules())), "")

    def _rules_in(self, directory: str) -> tuple[_Rules, ...]:
        known = self._rules.get(directory)
        if known is None:
            above = self._rules_in(_parent(directory)) if directory else self._above
            own = _rules_of(self._root / directory, f"{directory}/" if directory else "")
            self._rules[directory] = known = (*above, *own)
        return known

    def _marked_reason(self, directory: str) -> str:
        marks = (
            reason for mark, reason in _MARKS.items() if (self._root / directory / mark).is_file()
        )
        return next(marks, "")


def is_from_ignore_file(reason: str) -> bool:
    """Tell whether a reason for leaving a path out is a pattern that somebody wrote for that."""
    return reason.partition(": ")[0] in _NAMES_OF_IGNORE_FILES


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


@cache
def _standard_rules() -> tuple[_Rules, ...]:
    return tuple(
        _Rules(reason, GitIgnoreSpec.from_lines(patterns.split()))
        for reason, patterns in _LEFT_OUT.items()
    )


def _rules_of(folder: Path, directory: str, prefix: str = "") -> Iterator[_Rules]:
    """Read the ignore files that lie in one folder."""
    for name in sorted(IGNORE_FILES):
        if lines := _patterns_in(folder / name):
            yield _Rules(name, _compiled(lines), directory, prefix)


def _rules_above(root: Path) -> Iterator[_Rules]:
    """Read the ignore files between the folder and the top of its git repository."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        return
    prefix = "".join(f"{part}/" for part in root.relative_to(top).parts)
    if lines := _patterns_in(top / _EXCLUDE_FILE):
        yield _Rules(_EXCLUDE_FILE, _compiled(lines), prefix=prefix)
    while prefix:
        yield from _rules_of(top, "", prefix)
        first, _, prefix = prefix.partition("/")
        top /= first


def _patterns_in(path: Path) -> Sequence[str]:
    """Return the lines of an ignore file; none if there is no plain file of reasonable size."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ()
        with path.open("rb") as file:
            data = file.read(_MAX_IGNORE_FILE_BYTES)
    except OSError:
        return ()
    lines = data.decode("utf-8", errors="replace").splitlines()
    return [line for line in lines if not _is_costly(line)]


def _is_costly(pattern: str) -> bool:
    segments = pattern.split("/")
    stars = [segment.count("*") for segment in segments if segment != "**"]
    return max(stars, default=0) > _MAX_STARS or segments.count("**") > _MAX_STARS


def _compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    """Return the patterns that are valid; git ignores the others as well."""
    return GitIgnoreSpec.from_lines([line for line in lines if _is_valid(line)])


def _is_valid(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
