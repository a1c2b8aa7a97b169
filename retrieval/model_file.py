"""A trained retriever as one safetensors file, with its record beside the numbers. No pickle."""

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from retrieval.errors import RetrieverFileError
from retrieval.features import FEATURES, STOP_FEATURES
from retrieval.model import Parameters, RetrieverModel
from retrieval.query import QUERY_LINES

FORMAT = "warmline-retriever"
VERSION = "1"
"""Of the formula in `retrieval.model` and the arrays it takes, not of a training."""

_DEFAULT = "default.safetensors"
_MOST_BYTES = 256 * 1024 * 1024  # many times what anybody would train


@cache
def default_model() -> RetrieverModel:
    """Return the retriever that comes with the package; without one, an untrained one.

    Which it is, its `identity` says.

    Raises:
        RetrieverFileError: If the installed file is damaged.
    """
    resource = files("retrieval") / "models" / _DEFAULT
    if not resource.is_file():
        return RetrieverModel.untrained()
    with as_file(resource) as path:
        return load_model(path)


def save_model(model: RetrieverModel, path: Path) -> None:
    """Write a model, rounded to 16-bit floats; the file appears whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    record = {
        "format": FORMAT,
        "version": VERSION,
        "features": json.dumps(FEATURES),
        "stop_features": json.dumps(STOP_FEATURES),
        "training": json.dumps(model.training, sort_keys=True),
    }
    data = save({name: values.astype(np.float16) for name, values in model.arrays.items()}, record)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".attempt-") as folder:
        attempt = Path(folder, path.name)
        attempt.write_bytes(data)
        attempt.replace(path)


def load_model(path: Path) -> RetrieverModel:
    """Read a model.

    Raises:
        RetrieverFileError: If there is no such file, it is damaged, or it was made for another
            kind of retriever or another version of this one.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            _refuse(path, f"is larger than the {_MOST_BYTES} bytes any retriever needs")
        with safe_open(path, framework="np") as opened:
            record = opened.metadata() or {}
            _require_ours(path, record)
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise RetrieverFileError(
            f"the retriever in {path} is damaged ({error}); train it or fetch it again."
        ) from error
    except OSError as error:
        raise RetrieverFileError(
            f"no retriever could be read from {path} ({error.strerror or error}); name a file that"
            " `warmline train-retriever` wrote."
        ) from error
    return _model(path, arrays, record)


def _require_ours(path: Path, record: Mapping[str, str]) -> None:
    if record.get("format") != FORMAT:
        _refuse(path, "is a safetensors file of something else")
    if record.get("version") != VERSION:
        _refuse(path, f"has version {record.get('version')} of the format, not {VERSION}")
    for name, known in (("features", FEATURES), ("stop_features", STOP_FEATURES)):
        if record.get(name) != json.dumps(known):
            _refuse(path, f"was trained with other {name.replace('_', ' ')} than this version has")


def _model(path: Path, arrays: Mapping[str, Any], record: Mapping[str, str]) -> RetrieverModel:
    values: dict[str, Parameters] = {}
    for name, shape in _shapes(path, arrays).items():
        found = arrays.get(name)
        if found is None or found.shape != shape:
            _refuse(path, f"has {_shape(found)} where `{name}` needs {shape}")
        values[name] = found.astype(np.float32)
        if not np.isfinite(values[name]).all():
            _refuse(path, f"has values in `{name}` that are not numbers")
    scale = float(values.pop("scale")[0])
    return RetrieverModel(**values, scale=scale, training=_training(path, record))


def _training(path: Path, record: Mapping[str, str]) -> dict[str, Any]:
    try:
        training = json.loads(record.get("training", ""))
    except ValueError:
        training = None
    if not isinstance(training, dict):
        _refuse(path, "has no training record that can be read")
    return training


def _shapes(path: Path, arrays: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shape that each array must have, given the table's."""
    table = arrays.get("table")
    if table is None or table.ndim != 2 or not _is_power_of_two(table.shape[0]):  # noqa: PLR2004
        _refuse(path, f"has {_shape(table)} where `table` needs (a power of two, dimensions)")
    num_buckets, dimensions = table.shape
    return {
        "table": (num_buckets, dimensions),
        "query_log_weights": (num_buckets,),
        "chunk_log_weights": (num_buckets,),
        "line_log_weights": (QUERY_LINES,),
        "feature_weights": (len(FEATURES),),
        "stop_vector": (dimensions,),
        "stop_weights": (len(STOP_FEATURES),),
        "scale": (1,),
    }


def _shape(found: Any) -> str:
    return "nothing" if found is None else str(found.shape)


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _refuse(path: Path, reason: str) -> NoReturn:
    raise RetrieverFileError(
        f"the retriever in {path} cannot be used: it {reason}; train it again with"
        " `warmline train-retriever`, or leave out the setting that names it."
    )
