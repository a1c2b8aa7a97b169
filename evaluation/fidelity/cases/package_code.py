"""A package as cases are made from it: its files taken apart, its names, its changes."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import NamedTuple

from evaluation.corpus.fetching import PackageSource
from evaluation.fidelity.cases.code_file import CodeFile, CountTokens, lines_of, read_code
from retrieval.lexical import LexicalIndex
from retrieval.types import Chunk

NAME = re.compile(r"[A-Za-z_]\w*")
"""What a name looks like in all languages here."""


class Hunk(NamedTuple):
    """Lines that one release has in another one's place; both ranges half-open."""

    old_start: int
    old_stop: int
    new_start: int
    new_stop: int

    @property
    def shift(self) -> int:
        """What the number of a line after it grows by."""
        return self.new_stop - self.old_stop


class PackageCode:
    """The files of a package's latest release, read when they are first needed.

    Args:
        source: With both releases.
        count_tokens: How many tokens a text has by itself.
    """

    def __init__(self, source: PackageSource, count_tokens: CountTokens) -> None:
        self.title = source.package.title
        self.language = source.package.language
        self.texts = source.latest
        self._previous = source.previous
        self._count_tokens = count_tokens
        self._files: dict[str, CodeFile] = {}
        self._hunks: dict[str, tuple[Hunk, ...]] = {}

    def file(self, path: str) -> CodeFile:
        """Return a file of the latest release."""
        if path not in self._files:
            self._files[path] = read_code(path, self.texts[path], self.language, self._count_tokens)
        return self._files[path]

    def previous_lines(self, path: str) -> tuple[str, ...]:
        """Return a file's lines one release earlier; none if there was no such file."""
        return lines_of(self._previous[path]) if path in self._previous else ()

    def hunks(self, path: str) -> tuple[Hunk, ...]:
        """Return what changed in a file since the previous release, in the order of its lines.

        A file that is new has no hunks. Between two hunks stands at least one line of both.
        """
        if path not in self._hunks:
            self._hunks[path] = self._compare(path)
        return self._hunks[path]

    @cached_property
    def common_names(self) -> tuple[str, ...]:
        """The names that are written more than once in the whole package, sorted."""
        counts = Counter(name for text in self.texts.values() for name in NAME.findall(text))
        return tuple(sorted(name for name, count in counts.items() if count > 1))

    def num_tokens(self, text: str) -> int:
        """Return about how many tokens a text has."""
        return sum(self._count_tokens(line) for line in lines_of(text))

    def chunks_like(self, text: str, path: str, limit: int) -> tuple[Chunk, ...]:
        """Return at most `limit` pieces of other files that share words with a text, best first."""
        return self._index.search(text, limit, without_path=path)

    @cached_property
    def _index(self) -> LexicalIndex:
        index = LexicalIndex()
        for path, text in self.texts.items():
            index.replace(path, text)
        return index

    def other_lines(
        self, path: str, num_lines: int, generator: random.Random
    ) -> Sequence[str] | None:
        """Return lines in a row from another file; None if the package has only this one."""
        others = [other for other in sorted(self.texts) if other != path]
        if not others:
            return None
        lines = lines_of(self.texts[generator.choice(others)])
        start = generator.randrange(len(lines) - num_lines + 1)
        return lines[start : start + num_lines]

    def _compare(self, path: str) -> tuple[Hunk, ...]:
        old, new = self._previous.get(path), self.texts[path]
        if old is None or old == new:
            return ()
        matcher = SequenceMatcher(None, lines_of(old), lines_of(new), autojunk=False)
        return tuple(Hunk(*places) for tag, *places in matcher.get_opcodes() if tag != "equal")
