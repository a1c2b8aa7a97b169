"""Vectors on disk: found again, bounded, and never more than a saving of work."""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import EncoderError
from retrieval.types import Chunk, Vectors
from retrieval.vector_store import StoredEncoder, VectorStore

WAIT_S = 10.0
SIZE = 64


def vector(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed).standard_normal(SIZE).astype(np.float32)
    return random / np.linalg.norm(random)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def chunk(number: int, path: str = "a.py") -> Chunk:
    return Chunk(path, number, f"text {number}", 0.0)


class Counting:
    """Encodes a chunk as a vector of its number, and takes note of what it was asked."""

    identity = "counting"

    def __init__(self, fails_after: int | None = None) -> None:
        self.asked: list[list[int]] = []
        self.fails_after = fails_after

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([vector(len(text)) for text in texts])

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        if self.fails_after is not None and len(self.asked) >= self.fails_after:
            raise EncoderError("It failed.")
        self.asked.append([chunk.start_line for chunk in chunks])
        made = [vector(chunk.start_line) for chunk in chunks]
        return np.stack(made) if made else np.zeros((0, SIZE), np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "chunks.sqlite"


def test_what_was_kept_is_found_by_the_next_process(path: Path) -> None:
    first = VectorStore(path)
    first.keep({key(number): vector(number) for number in range(3)})
    first.close()
    found = VectorStore(path).find([key(1), key(7), key(2)])
    assert set(found) == {key(1), key(2)}
    assert np.allclose(found[key(1)], vector(1), atol=1e-3)
    assert abs(np.linalg.norm(found[key(1)]) - 1) < 1e-6


def test_the_file_is_for_its_user_alone(path: Path) -> None:
    """It tells what the code looks like to an encoder."""
    VectorStore(path).keep({key(1): vector(1)})
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_oldest_make_room_and_what_is_used_stays(path: Path) -> None:
    now_s = 0.0
    store = VectorStore(path, max_bytes=150_000, clock=lambda: now_s)
    store.keep({key(0): vector(0), key(1): vector(1)})
    for number in range(2, 3000, 100):
        now_s += 2 * 86_400
        store.find([key(0)])
        store.keep({key(each): vector(each) for each in range(number, number + 100)})
    assert set(store.find([key(0), key(1), key(2), key(2950)])) == {key(0), key(2950)}
    store.close()
    assert path.stat().st_size < 250_000


def test_a_damaged_file_is_begun_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 1000)
    store = VectorStore(path)
    with caplog.at_level(logging.WARNING):
        assert store.find([key(1)]) == {}
    assert "begun anew" in caplog.text
    store.keep({key(1): vector(1)})
    assert set(store.find([key(1)])) == {key(1)}


def test_a_file_that_cannot_be_made_costs_the_saving_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    encoder = StoredEncoder(Counting(), VectorStore(tmp_path / "file" / "chunks.sqlite"))
    with caplog.at_level(logging.WARNING):
        assert np.allclose(encoder.encode_chunks([chunk(1)])[0], vector(1))
    assert len(caplog.records) == 1
    assert "cannot be kept" in caplog.text


def test_a_locked_file_is_waited_for_and_left_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("retrieval.vector_store._WAIT_S", 0.01)
    store = VectorStore(path)
    store.keep({key(1): vector(1)})
    with sqlite3.connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert store.find([key(1)]) == {}
        assert "locked" in caplog.text
    other.close()
    assert set(store.find([key(1)])) == {key(1)}


def test_only_new_chunks_are_encoded(path: Path) -> None:
    inner = Counting()
    StoredEncoder(inner, VectorStore(path)).encode_chunks([chunk(1), chunk(2)])
    encoder = StoredEncoder(inner, VectorStore(path))
    vectors = encoder.encode_chunks([chunk(3), chunk(1), chunk(2), chunk(1)])
    assert inner.asked == [[1, 2], [3]]
    for number, found in zip((3, 1, 2, 1), vectors, strict=True):
        assert np.allclose(found, vector(number), atol=1e-3)


def test_a_chunk_is_known_by_encoder_path_and_text(path: Path) -> None:
    inner, other = Counting(), Counting()
    other.identity = "other"
    store = VectorStore(path)
    StoredEncoder(inner, store).encode_chunks([chunk(1)])
    StoredEncoder(inner, store).encode_chunks([chunk(1, "b.py")])
    StoredEncoder(other, store).encode_chunks([chunk(1)])
    assert (inner.asked, other.asked) == ([[1], [1]], [[1]])


def test_nothing_to_encode_has_the_right_shape(path: Path) -> None:
    assert StoredEncoder(Counting(), VectorStore(path)).encode_chunks([]).shape == (0, SIZE)


def test_what_was_encoded_before_a_failure_is_kept(path: Path) -> None:
    failing = Counting(fails_after=1)
    chunks = [chunk(number) for number in range(40)]
    with pytest.raises(EncoderError):
        StoredEncoder(failing, VectorStore(path)).encode_chunks(chunks)
    going_on = Counting()
    StoredEncoder(going_on, VectorStore(path)).encode_chunks(chunks)
    assert going_on.asked == [list(range(32, 40))]


def test_two_threads_that_want_the_same_have_it_encoded_once(path: Path) -> None:
    inner = Counting()
    encoder = StoredEncoder(inner, VectorStore(path))
    threads = [
        threading.Thread(target=encoder.encode_chunks, args=([chunk(1), chunk(2)],))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert inner.asked == [[1, 2]]
