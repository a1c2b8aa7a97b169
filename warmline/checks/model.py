"""The model that the settings name: whether it is here, whole, and of a family that runs."""

from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from engine.encoding.configuration import MODEL_TYPES as ENCODER_TYPES
from engine.errors import ModelFileError, UnsupportedModelError
from engine.model.configuration import (
    ROTATING_MODEL_TYPES,
    CannotRotateError,
    decoder_configuration,
    read_configuration,
)
from engine.protocol.endpoint import canonical_model
from engine.settings import EngineSettings
from engine.weights.catalogue import CATALOGUE, find
from engine.weights.conversion import require_convertible
from engine.weights.disk import in_words, size_on_disk
from engine.weights.encoders import ENCODERS
from engine.weights.gguf_header import is_gguf
from engine.weights.inventory import ModelState, ModelStatus
from engine.weights.location import StoreLayout
from engine.weights.model_folder import find_problem
from engine.weights.store import ModelStore
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem


class ModelCheck(NamedTuple):
    """What was found, and the folder of the weights if they can be loaded."""

    finding: Finding
    folder: Path | None


def check_model(settings: EngineSettings) -> ModelCheck:
    """See whether the engine will be able to load the model. Loads nothing.

    Raises:
        ModelError: If the folder of models cannot be read.
    """
    name = canonical_model(settings.model)
    for status in ModelStore().statuses():
        if status.name == name.lower():
            return _check_status(status, is_offline=settings.offline)
    path = Path(name)
    if path.is_absolute() and path.is_dir():
        return _check_folder(name, path)
    if path.is_absolute() and path.is_file():
        return _check_file(path)
    return ModelCheck(_unknown(name), None)


def _check_status(status: ModelStatus, *, is_offline: bool) -> ModelCheck:
    """Judge a model that has a name."""
    name = status.name
    if status.state is ModelState.READY and status.path is not None:
        return _check_folder(name, status.path)
    if status.state is ModelState.ABSENT:
        problem = Problem.MODEL_OFFLINE if is_offline else Problem.MODEL_MISSING
        finding = problem.finding(f"{name} is not on this machine", model=name)
    elif status.state is ModelState.PARTIAL:
        found = f"{name} is here in part, {in_words(status.bytes_on_disk)}"
        finding = Problem.MODEL_PARTIAL.finding(found, model=name)
    else:
        reason = find_problem(status.path) if status.path else None
        found = f"{name} in {status.path} cannot be used: {reason or 'it is of another version'}"
        finding = Problem.MODEL_DAMAGED.finding(found, model=name)
    return ModelCheck(finding, None)


def _check_folder(name: str, folder: Path) -> ModelCheck:
    """Judge a folder in hub layout by its files' sizes and what its configuration says."""
    reason = find_problem(folder) or _tokenizer_problem(folder)
    if reason:
        return ModelCheck(Problem.MODEL_UNUSABLE.finding(f"{folder}: {reason}"), None)
    try:
        raw = read_configuration(folder)
        _require_writer(str(raw["model_type"]))
        decoder_configuration(raw)
    except CannotRotateError as error:
        finding = Problem.MODEL_PREFIX_ONLY.finding(f"{name}: {error}")
    except UnsupportedModelError as error:
        return ModelCheck(Problem.MODEL_UNSUPPORTED.finding(str(error)), None)
    except ModelFileError as error:
        return ModelCheck(Problem.MODEL_UNUSABLE.finding(str(error)), None)
    else:
        finding = works("model", f"{name}, {in_words(size_on_disk(folder))}, in {folder}")
    return ModelCheck(finding, folder)


def _require_writer(model_type: str) -> None:
    """Refuse what is not known to write text, here or in transformers.

    Raises:
        UnsupportedModelError: If it is a text encoder, or of a family that nobody knows.
    """
    if model_type in ENCODER_TYPES:
        raise UnsupportedModelError(f"a {model_type} model encodes text and writes none")
    if model_type in ROTATING_MODEL_TYPES:
        return
    try:
        known = import_module("transformers.models.auto.modeling_auto")  # takes seconds
    except ImportError:
        return  # torch is broken, which is a finding of its own
    if model_type not in known.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise UnsupportedModelError(f"no model of the family {model_type!r} can be run")


def _tokenizer_problem(folder: Path) -> str | None:
    from tokenizers import Tokenizer  # noqa: PLC0415  # slow

    try:
        Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # noqa: BLE001  # it raises nothing more exact
        return f"its tokenizer.json cannot be read ({error})"
    return None


def _check_file(path: Path) -> ModelCheck:
    """Judge a GGUF file by its head, or by what it was converted to."""
    named = f"{path.name} in {path.parent}"
    if not is_gguf(path):
        return ModelCheck(Problem.MODEL_UNUSABLE.finding(f"{named} is not a GGUF file"), None)
    try:
        require_convertible(path)
    except UnsupportedModelError as error:
        return ModelCheck(Problem.MODEL_UNSUPPORTED.finding(str(error)), None)
    except ModelFileError as error:
        return ModelCheck(Problem.MODEL_UNUSABLE.finding(str(error)), None)
    store = ModelStore()
    # Where no file was ever converted, nothing is known, and all of it would be read in vain.
    folder = store.locate(str(path)) if StoreLayout(store.directory).hashes.exists() else None
    if folder is not None:
        return _check_folder(named, folder)
    return ModelCheck(works("model", f"{named}, a GGUF file; converted at first use"), None)


def _unknown(name: str) -> Finding:
    """Say why a name means nothing, and which may be meant."""
    if find(name, ENCODERS):
        found = f"{name} is a text encoder, which writes nothing"
    elif Path(name).is_absolute():
        found = f"there is no {name}"
    elif Path(name).exists():
        found = f"{name} is no name of a model; a folder or file is written as ./{name}"
    else:
        found = f"there is no model {name!r}"
    close = get_close_matches(name, [entry.name for entry in CATALOGUE], n=1)
    meant = f"; `{close[0]}` may be meant" if close else ""
    return Problem.MODEL_UNKNOWN.finding(found, meant=meant)
