"""Files cut at their definitions, to be compared with cutting them at blank lines."""

from itertools import pairwise
from pathlib import PurePosixPath

from evaluation.repo.symbols import read_symbols
from retrieval.chunking import blocks, chunks_from_spans, chunks_of, lines_of, merged
from retrieval.types import Chunk

_LANGUAGES = {".py": "python", ".ts": "typescript", ".rs": "rust"}


def definition_chunks(path: str, text: str) -> tuple[Chunk, ...]:
    """Cut a file before and after each function and type, members of types included.

    What lies between two cuts is one chunk, or several where it is too long for one, cut as
    `chunks_of` does. Files of languages without a known grammar are cut at blank lines.
    """
    language = _LANGUAGES.get(PurePosixPath(path).suffix)
    if language is None:
        return chunks_of(path, text)
    lines = lines_of(text)
    cuts = {0, len(lines)}
    for each in read_symbols(text, language).definitions:
        if each.is_callable:
            cuts |= {min(each.start_line, len(lines)), min(each.stop_line, len(lines))}
    spans = (
        span
        for start, stop in pairwise(sorted(cuts))
        for span in merged(blocks(lines, start, stop))
    )
    return chunks_from_spans(path, lines, spans)
