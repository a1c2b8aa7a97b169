"""What a folder of weights must hold so that it can be loaded as it is.

The layout is that of the model hubs: `config.json`, `tokenizer.json`, and safetensors in one
file or in several with an index.
"""

import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.weights.disk import write_whole

FORMAT_VERSION = 1
"""Raised when folders made by older versions must be made again."""

_RECORD = "warmline.json"
_INDEX = "model.safetensors.index.json"
_MOST_HEADER_BYTES = 100_000_000  # the limit of the safetensors library itself


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the weights of a folder came from; kept in it as `warmline.json`.

    `obtained` says how: from the hub, the package mirror, or a local file. `source` names the
    file or repository, `sha256` is the source file's, None where the source was many files.
    `date` is ISO 8601 in UTC.
    """

    name: str
    source: str
    obtained: str
    sha256: str | None
    date: str
    format_version: int = FORMAT_VERSION


def find_problem(folder: Path) -> str | None:
    """Say what keeps a folder from being loaded, or return None. Cost: a few small reads."""
    if not folder.is_dir():
        return "it is not a folder"
    missing = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    weights = _weight_files(folder)
    if not weights:
        missing.append("model*.safetensors")
    missing += [path.name for path in weights if not path.is_file()]
    if missing:
        return f"it lacks {', '.join(missing)}"
    damaged = [path.name for path in weights if not _is_whole(path)]
    return f"{', '.join(damaged)} is damaged or cut off" if damaged else None


def _weight_files(folder: Path) -> list[Path]:
    """Return the files that should hold the weights; those of an index may be missing."""
    index = folder / _INDEX
    if not index.is_file():
        return sorted(folder.glob("model*.safetensors"))
    try:
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return [index]  # an index that says nothing is the damaged file
    return [folder / name for name in sorted(names)]


def _is_whole(path: Path) -> bool:
    """Tell whether a safetensors file is as long as its own header says.

    Source: https://github.com/huggingface/safetensors, section "Format".
    """
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            if header_bytes > _MOST_HEADER_BYTES:
                return False
            header = json.loads(file.read(header_bytes))
        ends = [value["data_offsets"][1] for key, value in header.items() if key != "__metadata__"]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return False
    return path.stat().st_size == 8 + int(header_bytes) + int(max(ends, default=0))


def write_origin(folder: Path, origin: Origin) -> None:
    """Note in a folder where its weights came from."""
    write_whole(folder / _RECORD, json.dumps(asdict(origin), indent=2) + "\n")


def read_origin(folder: Path) -> Origin | None:
    """Return the note, or None if there is none that this version understands."""
    try:
        origin = Origin(**json.loads((folder / _RECORD).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return origin if origin.format_version == FORMAT_VERSION else None
