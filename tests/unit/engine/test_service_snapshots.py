"""Snapshots of a tiny model's caches: whatever happens to the files, the engine goes on."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cache.base import run_to_end
from engine.cache.live import LiveCache
from engine.model.identity import weights_digest
from engine.model.loader import RotatingModel, load_model
from engine.service import snapshots as snapshots_module
from engine.service.pool import CacheKey, CachePool
from engine.service.snapshot_folder import SnapshotFolder
from engine.service.snapshots import Snapshots, snapshots_for
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from engine.types import Preempted, never_interrupt
from engine.weights.location import SNAPSHOT_VARIABLE
from tests.contracts.test_live_cache import interrupting_at
from tests.unit.engine.families import VOCABULARY_SIZE, make_network, save_network

SETTINGS = EngineSettings(device="cpu", storage_type="float32", decode_weights="full")
DOCUMENT = "file:///secret/plans.py"
MOST_BYTES = 10_000_000
USED_AT_S = 1000.0
WAIT_S = 60.0


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(make_network("qwen2"), tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(model_folder: Path) -> RotatingModel:
    model = load_model(model_folder, "tiny", SETTINGS)
    assert isinstance(model, RotatingModel)
    return model


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SNAPSHOT_VARIABLE, str(tmp_path / "snapshots"))
    return tmp_path / "snapshots"


@pytest.fixture
def kept(place: Path, model: RotatingModel) -> Snapshots:
    """Return snapshots that hold one of `DOCUMENT`."""
    kept = engine(place, model)
    kept.save(DOCUMENT, cache_of(model), USED_AT_S, never_interrupt)
    return kept


def engine(place: Path, model: RotatingModel) -> Snapshots:
    """Return the snapshots as an engine that has just started sees them."""
    assert model.identity is not None
    return Snapshots(SnapshotFolder(place, MOST_BYTES), model, model.identity)


def tokens_of(seed: int = 1, length: int = 60) -> TokenArray:
    return np.random.default_rng(seed).integers(3, VOCABULARY_SIZE, length).astype(np.int32)


def cache_of(model: RotatingModel, seed: int = 1) -> LiveCache:
    cache = model.new_cache()
    sync(cache, tokens_of(seed))
    return cache


def sync(cache: LiveCache, tokens: TokenArray) -> None:
    run_to_end(cache.sync(tokens, len(tokens), never_interrupt))


def restored(snapshots: Snapshots) -> LiveCache | None:
    return snapshots.restore(DOCUMENT, never_interrupt)


def only_file(place: Path) -> Path:
    (path,) = place.iterdir()
    return path


def test_the_next_engine_finds_the_cache(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    del kept
    cache = restored(engine(place, model))
    assert cache is not None
    np.testing.assert_array_equal(cache.tokens, tokens_of())
    assert cache.exact_prefix == 60


def test_another_document_has_none(kept: Snapshots) -> None:
    assert kept.restore("file:///other.py", never_interrupt) is None


def test_nothing_names_the_document(place: Path, kept: Snapshots) -> None:
    del kept
    path = only_file(place)
    assert "plans" not in path.name
    assert b"plans" not in path.read_bytes()


def test_another_model_does_not_even_find_it(
    place: Path, kept: Snapshots, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del kept
    folder = save_network(make_network("qwen2", seed=1), tmp_path)
    other = load_model(folder, "tiny", SETTINGS)
    assert isinstance(other, RotatingModel)
    assert restored(engine(place, other)) is None
    assert not caplog.records
    assert only_file(place).exists(), "it is of use to the engine of its own model"


def lie(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


@pytest.mark.parametrize(
    "damage", [lie, lambda data: data[: len(data) // 2], lambda data: data + b"x"]
)
def test_a_damaged_one_is_deleted_with_one_line(
    place: Path,
    model: RotatingModel,
    kept: Snapshots,
    damage: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    del kept
    path = only_file(place)
    path.write_bytes(damage(path.read_bytes()))
    assert restored(engine(place, model)) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert not list(place.iterdir())


def test_a_snapshot_under_the_name_of_another_model_is_deleted(
    place: Path, model: RotatingModel, kept: Snapshots, caplog: pytest.LogCaptureFixture
) -> None:
    del kept
    assert model.identity is not None
    other = replace(model.identity, storage_type="bfloat16")
    snapshots = Snapshots(SnapshotFolder(place, MOST_BYTES), model, other)
    only_file(place).rename(place / f"{snapshots._name(DOCUMENT)}.snapshot")
    assert restored(snapshots) is None
    assert "it was written with other storage_type" in caplog.text
    assert not list(place.iterdir())


@pytest.mark.parametrize("data", [b"", b"something else\n" * 10])
def test_what_is_no_snapshot_is_left_alone(
    place: Path,
    model: RotatingModel,
    kept: Snapshots,
    data: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = only_file(place)
    path.write_bytes(data)
    assert restored(engine(place, model)) is None
    assert len(caplog.records) == 1
    assert path.exists() == bool(data), "an empty file is a snapshot cut off by a power cut"
    kept.save(DOCUMENT, cache_of(model, seed=2), USED_AT_S, never_interrupt)
    assert restored(engine(place, model)) is not None


def test_the_same_content_is_not_written_twice(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    """A new file shows by its number."""
    before = only_file(place).stat().st_ino
    kept.save(DOCUMENT, cache_of(model), USED_AT_S, never_interrupt)
    assert only_file(place).stat().st_ino == before
    kept.save(DOCUMENT, cache_of(model, seed=2), USED_AT_S, never_interrupt)
    assert only_file(place).stat().st_ino != before


def test_what_was_restored_is_not_written_again(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    del kept
    after_restart = engine(place, model)
    cache = restored(after_restart)
    assert cache is not None
    before = only_file(place).stat().st_ino
    after_restart.save(DOCUMENT, cache, USED_AT_S, never_interrupt)
    assert only_file(place).stat().st_ino == before


def test_idle_time_is_used_for_a_document_only_now_and_then(
    place: Path, model: RotatingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = CachePool(model, MOST_BYTES, engine(place, model))

    def sync_and_idle(seed: int) -> int:
        with pool.lend(CacheKey("window", DOCUMENT), 60) as cache:
            run_to_end(cache.sync(tokens_of(seed), 60, never_interrupt))
        pool.save_when_idle(never_interrupt)
        return only_file(place).stat().st_ino

    first = sync_and_idle(seed=1)
    assert sync_and_idle(seed=2) == first
    monkeypatch.setattr(snapshots_module, "IDLE_SAVE_S", 0.0)
    assert sync_and_idle(seed=3) != first


def test_an_interrupted_save_is_done_next_time(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    other = cache_of(model, seed=2)
    with pytest.raises(Preempted):
        kept.save(DOCUMENT, other, USED_AT_S, interrupting_at(1))
    left = restored(engine(place, model))
    assert left is not None
    np.testing.assert_array_equal(left.tokens, tokens_of(1))
    kept.save(DOCUMENT, other, USED_AT_S, never_interrupt)
    now = restored(engine(place, model))
    assert now is not None
    np.testing.assert_array_equal(now.tokens, tokens_of(2))


def test_an_empty_cache_is_not_kept(place: Path, model: RotatingModel) -> None:
    engine(place, model).save(DOCUMENT, model.new_cache(), USED_AT_S, never_interrupt)
    assert not place.exists()


def test_a_disk_that_takes_nothing_is_told_once(
    place: Path, model: RotatingModel, caplog: pytest.LogCaptureFixture
) -> None:
    place.write_text("a file where the folder should be")
    snapshots = engine(place, model)
    for name in ("a.py", "b.py", "c.py"):
        snapshots.save(name, cache_of(model), USED_AT_S, never_interrupt)
    (record,) = caplog.records
    assert "cannot be kept on disk" in record.getMessage()


def test_a_tensor_that_finds_no_memory_is_no_error(
    place: Path, kept: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("not enough memory")

    monkeypatch.setattr("engine.cache.snapshot.torch.empty", fail)
    assert restored(kept) is None
    assert only_file(place).exists(), "next time there may be enough"


def test_turned_off_it_deletes_what_is_there(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    del kept
    assert snapshots_for(model, SETTINGS) is not None
    assert list(place.iterdir())
    assert snapshots_for(model, replace(SETTINGS, snapshots=False)) is None
    assert not list(place.iterdir())


def test_weights_are_told_apart_by_time_and_by_content(tmp_path: Path) -> None:
    folder = save_network(make_network("qwen2"), tmp_path)
    weights = folder / "model.safetensors"

    def digest(time_ns: int) -> str:
        os.utime(weights, ns=(time_ns, time_ns))
        return weights_digest(folder)

    first = digest(1)
    assert digest(1) == first
    assert digest(2) != first
    size = weights.stat().st_size
    save_network(make_network("qwen2", seed=1), folder)
    assert weights.stat().st_size == size
    assert digest(1) != first, "another training, of the same size and time"
    config = folder / "config.json"
    before = digest(1)
    config.write_text(config.read_text().replace("512", "513"))
    assert digest(1) != before


def test_a_pool_begins_with_the_snapshot_and_leaves_one(place: Path, model: RotatingModel) -> None:
    """Two pools one after the other are an engine that was started again."""
    first = CachePool(model, MOST_BYTES, engine(place, model))
    with first.lend(CacheKey("old window", DOCUMENT), 60) as cache:
        run_to_end(cache.sync(tokens_of(), 60, never_interrupt))
    first.save_all(WAIT_S)
    second = CachePool(model, MOST_BYTES, engine(place, model))
    with second.lend(CacheKey("new window", DOCUMENT), 60) as cache:
        report = run_to_end(cache.sync(tokens_of(), 60, never_interrupt))
    assert (report.kept, report.encoded) == (60, 0)
    with second.lend(CacheKey("new window", "other.py"), 60) as cache:
        assert not len(cache.tokens)


def test_at_the_end_there_is_only_so_much_time(
    place: Path, model: RotatingModel, caplog: pytest.LogCaptureFixture
) -> None:
    pool = CachePool(model, MOST_BYTES, engine(place, model))
    with pool.lend(CacheKey("window", DOCUMENT), 60) as cache:
        run_to_end(cache.sync(tokens_of(), 60, never_interrupt))
    pool.save_all(timeout_s=-1.0)
    assert "Not all caches were kept" in caplog.text
    assert not list(place.iterdir())


def test_a_cache_that_the_budget_lets_go_is_kept(place: Path, model: RotatingModel) -> None:
    one_cache_bytes = cache_of(model).num_bytes
    pool = CachePool(model, one_cache_bytes, engine(place, model))
    for document in ("a.py", "b.py"):
        with pool.lend(CacheKey("window", document), 60) as cache:
            run_to_end(cache.sync(tokens_of(), 60, never_interrupt))
    assert pool.find(CacheKey("window", "a.py")) is None
    with pool.lend(CacheKey("window", "a.py"), 60) as cache:
        assert len(cache.tokens) == 60


def test_a_snapshot_larger_than_the_budget_is_left_where_it_is(
    place: Path, model: RotatingModel, kept: Snapshots
) -> None:
    pool = CachePool(model, model.bytes_for(20), kept)
    with pool.lend(CacheKey("window", DOCUMENT), 10) as cache:
        assert not len(cache.tokens)
    assert only_file(place).exists()


def test_reading_a_snapshot_can_be_left(model: RotatingModel, kept: Snapshots) -> None:
    pool = CachePool(model, MOST_BYTES, kept)
    key = CacheKey("window", DOCUMENT)
    with pytest.raises(Preempted), pool.lend(key, 60, interrupting_at(1)):
        pass
    assert pool.find(key) is None
    with pool.lend(key, 60) as cache:
        assert len(cache.tokens) == 60
