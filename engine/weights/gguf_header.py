"""What the head of a GGUF file says, read in milliseconds.

The `gguf` package builds one array for each word of the vocabulary, nine seconds for 150,000
words, before it says anything. This reader steps over arrays, so that a wrong or cut file is
found before a conversion begins.

Source:
    GGUF specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelFileError

Scalar = int | float | bool | str

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The facts of a GGUF file that matter before it is converted.

    `scalars` holds all metadata that is not an array. `num_elements` counts the weights of all
    tensors. `needed_bytes` is the least size of a file that holds all tensors it names.
    """

    scalars: dict[str, Scalar]
    tensor_names: frozenset[str]
    num_elements: int
    needed_bytes: int

    @property
    def architecture(self) -> str:
        """The architecture in the words of GGUF, such as `qwen2`."""
        return str(self.scalars.get("general.architecture", "unknown"))


def is_gguf(path: Path) -> bool:
    """Tell whether a path is a file that begins as GGUF files do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_header(path: Path) -> GgufHeader:
    """Read the head of a GGUF file.

    Raises:
        ModelFileError: If it is no GGUF file, or damaged, or cut off.
    """
    size = path.stat().st_size
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            header = _read(_Cursor(data))
    except (struct.error, ValueError, KeyError) as error:
        raise ModelFileError(
            f"{path} is not a GGUF file that can be read ({error}); wanted version 2 or 3 of the"
            " format: download it again."
        ) from error
    if size < header.needed_bytes:
        raise ModelFileError(
            f"{path} is cut off: it has {size} bytes of at least {header.needed_bytes};"
            " download it again."
        )
    return header


class _Cursor:
    """Reads values one after the other; `struct.error` where the data ends."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.position = 0

    def number(self, code: str) -> int | float | bool:
        value: int | float | bool
        (value,) = struct.unpack_from("<" + code, self._data, self.position)
        self.position += struct.calcsize("<" + code)
        return value

    def count(self, code: str = "Q") -> int:
        return int(self.number(code))

    def raw(self, num_bytes: int) -> bytes:
        self.skip(num_bytes)
        return self._data[self.position - num_bytes : self.position]

    def text(self) -> str:
        return self.raw(self.count()).decode("utf-8", errors="replace")

    def skip(self, num_bytes: int) -> None:
        self.position += num_bytes
        if self.position > len(self._data):
            raise struct.error("it ends too early")


def _read(cursor: _Cursor) -> GgufHeader:
    if (magic := cursor.raw(len(_MAGIC))) != _MAGIC:
        raise ValueError(f"it begins with {magic!r}")
    if (version := cursor.count("I")) not in _VERSIONS:
        raise ValueError(f"its version is {version}")
    num_tensors, num_values = cursor.count(), cursor.count()
    scalars: dict[str, Scalar] = {}
    for _ in range(num_values):
        key = cursor.text()
        value = _value(cursor, cursor.count("I"))
        if value is not None:
            scalars[key] = value
    return _read_tensors(cursor, num_tensors, scalars)


def _value(cursor: _Cursor, kind: int) -> Scalar | None:
    """Read a scalar; step over an array and return None."""
    if kind == _STRING:
        return cursor.text()
    if kind == _ARRAY:
        _skip_array(cursor)
        return None
    return cursor.number(_SCALARS[kind])


def _skip_array(cursor: _Cursor) -> None:
    kind, length = cursor.count("I"), cursor.count()
    if kind in _SCALARS:
        cursor.skip(length * struct.calcsize("<" + _SCALARS[kind]))
        return
    for _ in range(length):
        if kind == _STRING:
            cursor.skip(cursor.count())
        else:
            _value(cursor, kind)


def _read_tensors(cursor: _Cursor, num_tensors: int, scalars: dict[str, Scalar]) -> GgufHeader:
    # Sizes of quantised blocks are the library's to know.
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType  # noqa: PLC0415 - slow

    names, num_elements, data_bytes = [], 0, 0
    for _ in range(num_tensors):
        names.append(cursor.text())
        if (num_dimensions := cursor.count("I")) > _MOST_DIMENSIONS:
            raise ValueError(f"a tensor has {num_dimensions} dimensions")
        elements = math.prod(cursor.count() for _ in range(num_dimensions))
        block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(cursor.count("I"))]
        num_elements += elements
        data_bytes = max(data_bytes, cursor.count() + elements // block * block_bytes)
    alignment = int(scalars.get("general.alignment", 32))
    data_start = math.ceil(cursor.position / alignment) * alignment
    return GgufHeader(scalars, frozenset(names), num_elements, data_start + data_bytes)
