"""Text as chunks: pieces that are natural to read and small enough for a prompt."""

from collections.abc import Iterator

from retrieval.types import Chunk

MAX_CHUNK_LINES = 15
"""Most non-blank lines of one chunk."""
MAX_FILE_LINES = 5_000
"""What comes after these is not looked at: such files are generated, or data."""

Span = tuple[int, int]
"""Lines, half-open."""


def chunks_of(path: str, text: str) -> tuple[Chunk, ...]:
    """Cut a file into chunks at blank lines.

    Lines without a blank one between them stay together up to `MAX_CHUNK_LINES`; neighbours are
    joined as long as no chunk has more non-blank lines than that. Chunks do not overlap, begin
    and end with a line that is not blank, and together hold every such line of the first
    `MAX_FILE_LINES`. All scores are 0.

    Source:
        RLCoder, arXiv 2407.19487, section 3.2.
    """
    lines = lines_of(text)
    return chunks_from_spans(path, lines, merged(blocks(lines, 0, len(lines))))


def lines_of(text: str) -> list[str]:
    r"""Return the lines that are looked at; they end at `\n`, `\r\n` or `\r`."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain.split("\n", MAX_FILE_LINES)[:MAX_FILE_LINES]


def chunks_from_spans(path: str, lines: list[str], spans: Iterator[Span]) -> tuple[Chunk, ...]:
    """Return the chunk of each span."""
    return tuple(Chunk(path, start, "\n".join(lines[start:end]), 0.0) for start, end in spans)


def blocks(lines: list[str], start: int, end: int) -> Iterator[Span]:
    """Find the runs of non-blank lines in a span, in pieces of at most `MAX_CHUNK_LINES`."""
    first = None
    for number in range(start, end):
        is_blank = not lines[number] or lines[number].isspace()
        if first is not None and (is_blank or number - first == MAX_CHUNK_LINES):
            yield first, number
            first = None
        if first is None and not is_blank:
            first = number
    if first is not None:
        yield first, end


def merged(spans: Iterator[Span]) -> Iterator[Span]:
    """Join neighbours while they have at most `MAX_CHUNK_LINES` lines that are not blank.

    Args:
        spans: In order, without blank lines inside.
    """
    start = end = size = 0
    for first, last in spans:
        if size and size + last - first > MAX_CHUNK_LINES:
            yield start, end
            size = 0
        start = start if size else first
        end, size = last, size + last - first
    if size:
        yield start, end
