"""Packed weights are made once for a model on a machine; whatever goes wrong, there are some."""

import errno
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.model import packed_store
from engine.model.configuration import decoder_configuration
from engine.model.layers import Linear, ModelWeights, assemble_weights
from engine.model.packed import PackedAttention, PackedHead, PackedLinear, pack
from engine.model.packed_store import (
    ignore_pack_progress,
    load_or_pack,
    packed_path,
    should_pack,
)
from engine.weights.location import CACHE_VARIABLE
from tests.unit.engine.families import PACKABLE, make_network

NUM_MATRICES = 4 * 3 + 1
BARRIER_TIMEOUT_S = 60.0


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "packed"


@pytest.fixture(scope="module")
def weights() -> ModelWeights:
    return weights_of(torch.float32)


def weights_of(dtype: torch.dtype) -> ModelWeights:
    network = make_network("qwen2", **PACKABLE)
    configuration = decoder_configuration(network.config.to_dict())
    tensors = {name: tensor.detach().to(dtype) for name, tensor in network.state_dict().items()}
    return assemble_weights(tensors, configuration)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model folder; only names, sizes and times of its files count here."""
    path = tmp_path / "some-model"
    path.mkdir()
    save_file({"any": torch.ones(3)}, path / "model.safetensors")
    return path


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by one for each matrix packed."""
    counted: list[int] = []

    def counting(linears: Any, num_planes: int) -> PackedLinear:
        counted.append(len(linears))
        return pack(linears, num_planes)

    monkeypatch.setattr(packed_store, "pack", counting)
    return counted


def load(weights: ModelWeights, folder: Path) -> ModelWeights:
    return load_or_pack(weights, folder, ignore_pack_progress)


def packed_tensors(weights: ModelWeights) -> list[Tensor]:
    attention, head = weights.layers[-1].attention, weights.output
    assert isinstance(attention, PackedAttention)
    assert isinstance(head, PackedHead)
    linears = [attention.into, attention.output, head.draft]
    parts = [(linear.packed, linear.levels, linear.bias) for linear in linears]
    return [tensor for part in parts for tensor in part if tensor is not None]


def assert_same(ours: ModelWeights, theirs: ModelWeights) -> None:
    pairs = list(zip(packed_tensors(ours), packed_tensors(theirs), strict=True))
    assert all(torch.equal(mine, other) for mine, other in pairs)


def test_what_was_packed_once_is_mapped_from_then_on(
    weights: ModelWeights, folder: Path, packs: list[int]
) -> None:
    fractions: list[float] = []
    made = load_or_pack(weights, folder, fractions.append)
    assert len(packs) == NUM_MATRICES
    assert fractions == [done / NUM_MATRICES for done in range(NUM_MATRICES)]
    fractions.clear()
    mapped = load_or_pack(weights, folder, fractions.append)
    assert len(packs) == NUM_MATRICES
    assert fractions == []
    assert_same(mapped, made)
    assert mapped.embedding is weights.embedding


def test_nothing_but_the_finished_file_is_left(
    weights: ModelWeights, folder: Path, cache_folder: Path
) -> None:
    load(weights, folder)
    path = packed_path(folder)
    assert list(cache_folder.iterdir()) == [path]
    assert path.name.startswith("some-model-")


def touch(path: Path) -> None:
    stamp = path.stat().st_mtime_ns + 1000
    os.utime(path, ns=(stamp, stamp))


def add_to(path: Path) -> None:
    save_file({"any": torch.ones(4)}, path)


def add_beside(path: Path) -> None:
    save_file({"more": torch.ones(4)}, path.with_name("second.safetensors"))


@pytest.mark.parametrize("change", [touch, add_to, add_beside])
def test_another_file_makes_others_and_the_older_go(
    weights: ModelWeights,
    folder: Path,
    packs: list[int],
    cache_folder: Path,
    change: Callable[[Path], None],
) -> None:
    load(weights, folder)
    change(folder / "model.safetensors")
    load(weights, folder)
    assert len(packs) == 2 * NUM_MATRICES
    assert list(cache_folder.iterdir()) == [packed_path(folder)]


def test_storage_types_share_one_file_and_keep_their_own_biases(
    weights: ModelWeights, folder: Path, packs: list[int]
) -> None:
    load(weights, folder)
    narrow = load(weights_of(torch.bfloat16), folder)
    assert len(packs) == NUM_MATRICES
    attention = narrow.layers[0].attention
    assert isinstance(attention, PackedAttention)
    assert attention.into.bias is not None
    assert attention.into.bias.dtype == torch.bfloat16


@pytest.mark.parametrize("name", ["some", "some-model-2", "some-model[1]", "som*"])
def test_those_of_other_models_stay(
    weights: ModelWeights, folder: Path, packs: list[int], name: str
) -> None:
    """Also where one name begins like another or looks like a pattern."""
    other = folder.with_name(name)
    other.mkdir()
    add_to(other / "model.safetensors")
    for _ in range(2):
        load(weights, folder)
        load(weights, other)
    assert len(packs) == 2 * NUM_MATRICES
    touch(other / "model.safetensors")
    load(weights, other)
    assert len(list(packed_path(other).parent.iterdir())) == 2


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def overwrite(path: Path) -> None:
    path.write_bytes(b"no weights at all")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def leave_out_a_tensor(path: Path) -> None:
    kept = {
        name: tensor.clone() for name, tensor in load_file(path).items() if "output" not in name
    }
    save_file(kept, path)


@pytest.mark.parametrize("spoil", [cut_short, overwrite, empty, leave_out_a_tensor])
def test_a_spoilt_file_is_made_again(
    weights: ModelWeights, folder: Path, packs: list[int], spoil: Callable[[Path], None]
) -> None:
    made = load(weights, folder)
    spoil(packed_path(folder))
    assert_same(load(weights, folder), made)
    assert len(packs) == 2 * NUM_MATRICES
    assert_same(load(weights, folder), made)
    assert len(packs) == 2 * NUM_MATRICES


def test_an_unwritable_folder_costs_only_time(
    weights: ModelWeights,
    folder: Path,
    packs: list[int],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "cache").write_text("a file where a folder is wanted")
    for times in (1, 2):
        packed_tensors(load(weights, folder))
        assert len(packs) == times * NUM_MATRICES
    assert "could not be written" in caplog.text
    assert "made again next time" in caplog.text


def test_a_full_disk_costs_only_time(
    weights: ModelWeights,
    folder: Path,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fill_up(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packed_store, "save_file", fill_up)
    packed_tensors(load(weights, folder))
    assert "No space left on device" in caplog.text
    assert list(cache_folder.iterdir()) == []


def test_whoever_ends_the_packing_leaves_nothing(
    weights: ModelWeights, folder: Path, packs: list[int], cache_folder: Path
) -> None:
    def stop(fraction: float) -> None:
        if fraction > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        load_or_pack(weights, folder, stop)
    assert 0 < len(packs) < NUM_MATRICES
    assert not cache_folder.exists()
    packed_tensors(load(weights, folder))


def test_two_at_once_do_each_other_no_harm(
    *,
    weights: ModelWeights,
    folder: Path,
    packs: list[int],
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Both pack, both write the same name at the same time, and neither notices."""
    both_write = threading.Barrier(2)

    def save_together(*arguments: Any) -> None:
        both_write.wait(BARRIER_TIMEOUT_S)
        save_file(*arguments)
        both_write.wait(BARRIER_TIMEOUT_S)

    monkeypatch.setattr(packed_store, "save_file", save_together)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: load(weights, folder), range(2))
    assert_same(first, second)
    assert list(cache_folder.iterdir()) == [packed_path(folder)]
    assert_same(load(weights, folder), first)
    assert len(packs) == 2 * NUM_MATRICES
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_file_in_use_is_replaced_and_not_written_over(
    weights: ModelWeights, folder: Path
) -> None:
    """Another engine may have it mapped."""
    load(weights, folder)
    mapped = packed_tensors(load(weights, folder))
    before = [tensor.clone() for tensor in mapped]
    path = packed_path(folder)
    zeros = {name: torch.zeros_like(tensor) for name, tensor in load_file(path).items()}
    made = {
        name.removesuffix(".packed"): PackedLinear(
            tensor, zeros[name.replace(".packed", ".levels")], None
        )
        for name, tensor in zeros.items()
        if name.endswith(".packed")
    }
    packed_store._write(path, made)
    assert all(map(torch.equal, mapped, before))
    assert not packed_tensors(load(weights, folder))[0].any()


def test_full_weights_are_never_packed(weights: ModelWeights) -> None:
    assert not should_pack(weights, "full")
    assert should_pack(weights, "int4")


def test_shapes_that_cannot_be_packed_are_told(
    weights: ModelWeights, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    odd = replace(weights, output=Linear(torch.zeros(97, 96), None))
    assert not should_pack(odd, "int4")
    assert "cannot be packed" in caplog.text


@pytest.mark.parametrize(
    ("free_bytes", "is_faster", "expected"),
    [(None, True, True), (10**9, True, True), (1000, True, False), (None, False, False)],
)
def test_auto_packs_where_it_is_faster_and_leaves_memory(
    *,
    weights: ModelWeights,
    monkeypatch: pytest.MonkeyPatch,
    free_bytes: int | None,
    is_faster: bool,
    expected: bool,
) -> None:
    monkeypatch.setattr(packed_store, "available_bytes", lambda: free_bytes)
    seconds = iter([1.0, 2.0] if is_faster else [1.0, 1.1])
    monkeypatch.setattr(packed_store, "best_seconds", lambda _: next(seconds))
    assert should_pack(weights, "auto") is expected


def test_the_test_of_speed_runs_here() -> None:
    """Whatever comes out of it."""
    assert packed_store._is_faster(torch.float32) in {True, False}
    assert packed_store._is_faster(torch.bfloat16) in {True, False}
