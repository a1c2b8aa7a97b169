from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from retrieval.errors import RetrieverFileError
from retrieval.features import FEATURES
from retrieval.model import RetrieverModel
from retrieval.model_file import default_model, load_model, save_model


def small_model(seed: int = 0) -> RetrieverModel:
    return RetrieverModel.untrained(seed, num_buckets=16, dimensions=4)


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "model.safetensors"
    model = replace(small_model(), training={"rounds": 3, "packages": ["a", "b"]}, scale=12.5)
    save_model(model, path)
    loaded = load_model(path)
    for name, values in model.arrays.items():
        assert np.array_equal(loaded.arrays[name], values), name
        assert loaded.arrays[name].dtype == np.float32
    assert loaded.training == model.training
    assert loaded.identity == model.identity
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_identity_is_that_of_the_numbers() -> None:
    assert small_model().identity == small_model().identity
    assert small_model(1).identity != small_model().identity
    assert small_model().identity.startswith("untrained-")
    assert replace(small_model(), training={"rounds": 1}).identity.startswith("trained-")
    louder = replace(small_model(), scale=21.0)
    assert louder.identity != small_model().identity


def test_what_16_bits_cannot_tell_apart_has_one_identity(tmp_path: Path) -> None:
    model = replace(small_model(), scale=20.0001)
    save_model(model, tmp_path / "model.safetensors")
    assert load_model(tmp_path / "model.safetensors").identity == model.identity


def test_every_default_parameter_has_its_place() -> None:
    model = default_model()
    assert model.dimensions == len(model.stop_vector)
    assert model is default_model()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RetrieverFileError, match=r"nowhere\.safetensors.*No such file"):
        load_model(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("size", [0, 5, 100, 700])
def test_a_cut_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.safetensors"
    save_model(small_model(), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RetrieverFileError, match="damaged"):
        load_model(path)


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x80\x04 not a retriever" * 100)
    with pytest.raises(RetrieverFileError, match="damaged"):
        load_model(path)


def test_another_models_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"table": np.zeros((4, 4), np.float32)}, path)
    with pytest.raises(RetrieverFileError, match="something else"):
        load_model(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "0"}, "version 0"),
        ({"features": '["old"]'}, "other features"),
        ({"stop_features": '["old"]'}, "other stop features"),
        ({"training": "{broken"}, "training record"),
        ({"training": "[]"}, "training record"),
    ],
)
def test_a_file_for_another_version_is_refused(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    path = rewritten(tmp_path, record_changes=changes)
    with pytest.raises(RetrieverFileError, match=message):
        load_model(path)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("table", np.zeros((15, 4), np.float16), "power of two"),
        ("table", np.zeros(16, np.float16), "power of two"),
        ("stop_vector", np.zeros(5, np.float16), "`stop_vector` needs"),
        ("feature_weights", np.full(len(FEATURES), np.nan, np.float16), "not numbers"),
        ("scale", None, "nothing where `scale` needs"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    tmp_path: Path, name: str, values: np.ndarray | None, message: str
) -> None:
    path = rewritten(tmp_path, array_changes={name: values})
    with pytest.raises(RetrieverFileError, match=message):
        load_model(path)


def rewritten(
    folder: Path,
    record_changes: dict[str, str] | None = None,
    array_changes: dict[str, np.ndarray | None] | None = None,
) -> Path:
    path = folder / "model.safetensors"
    save_model(small_model(), path)
    with safe_open(path, framework="np") as opened:
        record = opened.metadata()
        arrays = {name: opened.get_tensor(name) for name in small_model().arrays}
    arrays |= array_changes or {}
    kept = {name: values for name, values in arrays.items() if values is not None}
    save_file(kept, path, record | (record_changes or {}))
    return path
