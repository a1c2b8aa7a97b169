"""A source file named on the command line, and a place in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from warmline.errors import UsageError, WorkError

_POSITION = re.compile(r"(?P<path>.+):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)
MAX_SOURCE_BYTES = 64 * 2**20
"""Devices and pipes may never end. What a completion takes is far less, and is checked later."""

_LINE_END = re.compile(r"\r\n|\r|\n")  # as the language server protocol counts lines


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, as people count: line and column begin at 1.

    The column counts characters (code points) and may be one past the end of the line.
    """

    path: Path
    line: int
    column: int


def parse_place(text: str) -> Place:
    """Read FILE:LINE:COLUMN.

    Raises:
        UsageError: If the text has another form, or line or column is 0.
    """
    match = _POSITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} has no position: write FILE:LINE:COLUMN, such as src/app.py:12:5"
        )
    place = Place(Path(match["path"]), int(match["line"]), int(match["column"]))
    if place.line == 0 or place.column == 0:
        raise UsageError(f"{text!r} has a 0 in its position: lines and columns begin at 1")
    return place


def read_source(path: Path) -> str:
    """Return the file's text with its line endings as they are.

    Raises:
        UsageError: If there is no such file, or it is something else than a file.
        WorkError: If it cannot be read, is too large or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SOURCE_BYTES + 1)
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder: name a file in it") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}: check the path") from None
    except OSError as error:
        raise WorkError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{str(path)!r} cannot be the name of a file: {error}") from error
    if len(content) > MAX_SOURCE_BYTES:
        raise WorkError(
            f"{path} has more than {MAX_SOURCE_BYTES} bytes, and no model reads that much;"
            " name a smaller file"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WorkError(
            f"{path} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x};"
            " save it as UTF-8 first"
        ) from error


def offset_of(text: str, place: Place) -> int:
    """Return where `place` is in `text`, in code points.

    Raises:
        UsageError: If the text has no such line, or the line no such column.
    """
    bounds = line_bounds(text)
    if place.line > len(bounds):
        raise UsageError(f"{place.path} has no line {place.line}: its last line is {len(bounds)}")
    start, stop = bounds[place.line - 1]
    last_column = stop - start + 1
    if place.column > last_column:
        raise UsageError(
            f"line {place.line} of {place.path} has no column {place.column}:"
            f" the last is {last_column}, just past its end"
        )
    return start + place.column - 1


def line_bounds(text: str) -> list[tuple[int, int]]:
    """Return [start, stop) of every line, without its line ending.

    Text that ends with a line ending has an empty last line, as in editors.
    """
    bounds, start = [], 0
    for match in _LINE_END.finditer(text):
        bounds.append((start, match.start()))
        start = match.end()
    bounds.append((start, len(text)))
    return bounds
