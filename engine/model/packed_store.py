"""Packed weights on the disk, made once for a model on a machine and mapped from then on."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.machine import available_bytes, best_seconds
from engine.model.layers import Linear, ModelWeights
from engine.model.packed import (
    GROUP_WEIGHTS,
    PRODUCT_TYPE,
    PackedLinear,
    can_pack,
    full_matrices,
    joined_bias,
    pack,
    pack_numbers,
    packed_weights,
)
from engine.weights.location import packed_folder

PackProgress = Callable[[float], None]
"""Called with the fraction done, 0 to 1. May raise to end the work."""

_FORMAT = "3"
_LEAST_GAIN = 1.25
_SELF_TEST_SHAPE = (4864, 896)
_LOG = logging.getLogger(__name__)


def load_or_pack(weights: ModelWeights, directory: Path, progress: PackProgress) -> ModelWeights:
    """Return the model with packed matrices, from the cache directory or made now.

    What cannot be written is used all the same, and made again next time.

    Args:
        weights: As stored.
        directory: Where they were read from; another file there makes other packed weights.
        progress: Told how far the packing is; not called when there is a file.
    """
    path = packed_path(directory)
    tensors = _read(path)
    if tensors is not None:
        with suppress(KeyError):  # a tensor is missing: all are made again
            return packed_weights(weights, partial(_unpack, tensors))
    made: dict[str, PackedLinear] = {}
    num_matrices = 4 * len(weights.layers) + 1

    def make(name: str, linears: Sequence[Linear], num_planes: int) -> PackedLinear:
        progress(len(made) / num_matrices)
        made[name] = pack(linears, num_planes)
        return made[name]

    result = packed_weights(weights, make)
    _write(path, made)
    return result


def ignore_pack_progress(fraction: float) -> None:
    """Show nothing to nobody."""


def should_pack(weights: ModelWeights, wish: str) -> bool:
    """Tell whether to write with packed weights.

    Args:
        weights: As stored.
        wish: `full`, `int4`, or `auto`: packed where that is faster on this processor and
            leaves memory free.
    """
    if wish == "full":
        return False
    if not can_pack(weights):
        _LOG.info("The model's matrices have shapes that cannot be packed; they are used in full.")
        return False
    return wish == "int4" or (_has_memory(weights) and _is_faster(weights.embedding.dtype))


def _has_memory(weights: ModelWeights) -> bool:
    """Tell whether the packed weights, a third of the full ones, fit in half of what is free."""
    free_bytes = available_bytes()
    full_bytes = sum(matrix.nbytes for matrix in full_matrices(weights))
    return free_bytes is None or free_bytes > 2 * full_bytes // 3


def _is_faster(dtype: torch.dtype) -> bool:
    """Time one token times one matrix of a small model."""
    rows, columns = _SELF_TEST_SHAPE
    full = Linear(torch.ones(rows, columns, dtype=dtype), None)
    levels = torch.ones(columns // GROUP_WEIGHTS, rows, 2, dtype=PRODUCT_TYPE)
    packed = pack_numbers(levels, torch.ones(rows, columns, dtype=torch.int32), None)
    hidden = torch.ones(1, columns, dtype=dtype)
    return best_seconds(partial(packed, hidden)) * _LEAST_GAIN < best_seconds(partial(full, hidden))


def packed_path(directory: Path) -> Path:
    """Return where the packed weights of a model folder lie for this processor."""
    digest = hashlib.sha256()
    facts = [_FORMAT, torch.__version__, torch.backends.cpu.get_cpu_capability()]
    for file in sorted(directory.glob("*.safetensors")):
        state = file.stat()
        facts += [file.name, str(state.st_size), str(state.st_mtime_ns)]
    digest.update("\n".join(facts).encode())
    name = f"{directory.name}-{digest.hexdigest()[:16]}.safetensors"
    return packed_folder() / name


def _read(path: Path) -> dict[str, Tensor] | None:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError) as error:
        _LOG.warning("%s could not be read (%s); it is made again.", path, error)
        return None


def _unpack(
    tensors: dict[str, Tensor], name: str, linears: Sequence[Linear], num_planes: int
) -> PackedLinear:
    """Take a matrix from the file; its bias is of the storage type, which the file is not."""
    del num_planes  # the file has as many as were packed
    packed, levels = tensors[f"{name}.packed"], tensors[f"{name}.levels"]
    return PackedLinear(packed, levels, joined_bias(linears))


def _write(path: Path, made: dict[str, PackedLinear]) -> None:
    tensors: dict[str, Tensor] = {}
    for name, linear in made.items():
        tensors[f"{name}.packed"], tensors[f"{name}.levels"] = linear.packed, linear.levels
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_older(path)
        save_file(tensors, path)  # under a name of its own first, so that nobody maps half a file
    except (SafetensorError, OSError) as error:
        _LOG.warning("%s could not be written (%s); it is made again next time.", path, error)


def _remove_older(path: Path) -> None:
    """Delete what was packed from older files of the same model."""
    model = path.name.rsplit("-", 1)[0]
    for other in path.parent.iterdir():
        if other.name.rsplit("-", 1)[0] == model and other != path:
            with suppress(OSError):  # still in use on a system that holds open files
                other.unlink()
