"""One large repository made of real packages, and places in it where somebody writes."""

import random
from collections.abc import Iterator, Mapping, Sequence

from evaluation.corpus.fetching import PackageSource
from retrieval.chunking import chunks_of
from retrieval.types import Place

Texts = Mapping[str, str]
"""Files by path."""

_LEAST_LINES = 40  # of a file that is written in


def joined(sources: Sequence[PackageSource]) -> dict[str, str]:
    """Return the files of all packages, each package in a folder of its own."""
    return {
        f"{source.package.name}/{path}": text
        for source in sources
        for path, text in source.latest.items()
    }


def first_chunks(texts: Texts, num_chunks: int) -> dict[str, str]:
    """Return the first files that have so many chunks together, or all."""
    taken: dict[str, str] = {}
    total = 0
    for path, text in texts.items():
        if total >= num_chunks:
            break
        taken[path] = text
        total += len(chunks_of(path, text))
    return taken


def first_lines(texts: Texts, num_lines: int) -> dict[str, str]:
    """Return the first files that have so many lines together, or all."""
    taken: dict[str, str] = {}
    total = 0
    for path, text in texts.items():
        if total >= num_lines:
            break
        taken[path] = text
        total += text.count("\n")
    return taken


def jumping(texts: Texts, chance: random.Random) -> Iterator[Place]:
    """Yield ends of lines, each in another file chosen at random, without end."""
    paths = _long_files(texts)
    while paths:
        path = chance.choice(paths)
        yield _end_of_line(path, texts[path], chance.randrange(_LEAST_LINES))


def typing(texts: Texts, chance: random.Random, lines_each: int = 10) -> Iterator[Place]:
    """Yield the ends of lines one after another, now in this file and then in that."""
    paths = _long_files(texts)
    while paths:
        path = chance.choice(paths)
        start = chance.randrange(_LEAST_LINES - lines_each)
        for number in range(start, start + lines_each):
            yield _end_of_line(path, texts[path], number)


def _long_files(texts: Texts) -> list[str]:
    return [path for path, text in texts.items() if text.count("\n") >= _LEAST_LINES]


def _end_of_line(path: str, text: str, part: int) -> Place:
    """Return the end of a line, `part` lines behind the middle of what a file has to offer."""
    lines = text.split("\n")
    number = max(0, (len(lines) - _LEAST_LINES) // 2) + part
    return Place(path, text, sum(len(line) + 1 for line in lines[:number]) + len(lines[number]))
