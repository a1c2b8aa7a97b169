import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.weights.model_folder import (
    FORMAT_VERSION,
    Origin,
    find_problem,
    read_origin,
    write_origin,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7)}, tmp_path / "model.safetensors")
    return tmp_path


def test_a_folder_as_the_library_writes_it_is_fine(folder: Path) -> None:
    assert find_problem(folder) is None


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_the_problem_names_what_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    problem = find_problem(folder)
    assert problem is not None
    assert name.removeprefix("model") in problem


@pytest.mark.parametrize("kept", [0, 4, 20, 100, -1])
def test_weights_that_are_cut_off_are_seen(folder: Path, kept: int) -> None:
    """Mapping a short file would crash much later, in another process."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    assert find_problem(folder) == "model.safetensors is damaged or cut off"


def test_a_header_of_absurd_length_is_not_read(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{}")
    assert "damaged" in (find_problem(folder) or "")


def test_all_shards_of_an_index_must_be_there(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    index = folder / "model.safetensors.index.json"
    weight_map = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    index.write_text(json.dumps({"weight_map": weight_map}))
    assert find_problem(folder) == "it lacks model-2.safetensors"
    save_file({"b": torch.zeros(7)}, folder / "model-2.safetensors")
    assert find_problem(folder) is None


def test_a_damaged_index_is_a_problem(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text("[]")
    assert "index.json is damaged" in (find_problem(folder) or "")


def test_the_origin_comes_back(tmp_path: Path) -> None:
    origin = Origin("tiny", "tiny.gguf", "hub", "0" * 64, "2026-01-01T00:00:00+00:00")
    write_origin(tmp_path, origin)
    assert read_origin(tmp_path) == origin


def test_an_origin_of_another_format_does_not_count(tmp_path: Path) -> None:
    write_origin(tmp_path, Origin("tiny", "x", "hub", None, "", FORMAT_VERSION + 1))
    assert read_origin(tmp_path) is None
    (tmp_path / "warmline.json").write_text("{not json")
    assert read_origin(tmp_path) is None
