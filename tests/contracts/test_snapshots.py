"""A cache that was read from disk is the cache that was written: the same bits, the same ways."""

import dataclasses
import hashlib
import io
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
import torch

from engine.cache.live import LiveCache
from engine.cache.snapshot import (
    FORMAT_VERSION,
    MAGIC,
    ForeignFileError,
    SnapshotError,
    read_snapshot,
    write_snapshot,
)
from engine.model.decoder import Decoder
from engine.model.identity import ModelIdentity
from engine.types import Preempted, never_interrupt
from tests.contracts.test_live_cache import (
    MakeCache,
    cache_maker,
    edited,
    interrupting_at,
    make_decoder,
    next_logits,
    random_tokens,
    refresh,
    sync,
)

HEADER_START = len(MAGIC) + 4
DIGEST_BYTES = 32
LENGTH = 137
MOST_TOKENS = 512


def identity_of(decoder: Decoder) -> ModelIdentity:
    configuration = decoder.configuration
    return ModelIdentity(
        weights="w",
        tokenizer="t",
        library="l",
        storage_type=str(decoder.dtype),
        rotary="r",
        num_layers=configuration.num_layers,
        num_kv_heads=configuration.num_kv_heads,
        head_size=configuration.head_size,
    )


class Subject:
    """A model, a cache of it that has seen some edits, and its snapshot."""

    def __init__(self, family: str = "qwen2", dtype: torch.dtype = torch.float32) -> None:
        decoder = make_decoder(family, dtype)
        self.make: MakeCache = cache_maker(decoder)
        self.identity = identity_of(decoder)
        self.cache = self.make()
        generator = np.random.default_rng(1)
        tokens = random_tokens(generator, LENGTH)
        sync(self.cache, tokens)
        for _ in range(3):
            tokens = edited(generator, tokens)
            sync(self.cache, tokens)
        self.data = self.written(self.cache)

    def written(self, cache: LiveCache) -> bytes:
        file = io.BytesIO()
        write_snapshot(file, cache, self.identity, never_interrupt)
        return file.getvalue()

    def read(self, data: bytes, checkpoint: Callable[[], None] = never_interrupt) -> LiveCache:
        return read_snapshot(
            io.BytesIO(data),
            len(data),
            self.make,
            identity=self.identity,
            most_tokens=MOST_TOKENS,
            checkpoint=checkpoint,
        )

    def header(self) -> dict[str, Any]:
        size = int.from_bytes(self.data[len(MAGIC) : HEADER_START], "little")
        return msgpack.unpackb(self.data[HEADER_START : HEADER_START + size])

    def signed_again(self, header: Any) -> bytes:
        """Return the snapshot with another header and the checksum that goes with it."""
        size = int.from_bytes(self.data[len(MAGIC) : HEADER_START], "little")
        packed = msgpack.packb(header)
        tensors = self.data[HEADER_START + size : -DIGEST_BYTES]
        content = MAGIC + len(packed).to_bytes(4, "little") + packed + tensors
        return content + hashlib.sha256(content).digest()


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject()


def assert_same(ours: LiveCache, theirs: LiveCache) -> None:
    np.testing.assert_array_equal(ours.tokens, theirs.tokens)
    assert ours.exact_prefix == theirs.exact_prefix
    assert ours.runs() == theirs.runs()
    rows = np.flatnonzero(theirs.ledger.is_encoded)
    for block in ("unrotated", "keys", "values"):
        mine, other = (getattr(cache.arena, block)[:, :, rows] for cache in (ours, theirs))
        assert torch.equal(mine, other), block


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "family", ["qwen2", "qwen3", "llama-yarn", "phi3-partial", "gemma3-sliding"]
)
def test_a_restored_cache_has_the_same_bits(family: str, dtype: torch.dtype) -> None:
    """Keys included, which are not in the snapshot: they are turned once, as they were before."""
    subject = Subject(family, dtype)
    restored = subject.read(subject.data)
    assert_same(restored, subject.cache)
    assert torch.equal(next_logits(restored, 5, 7), next_logits(subject.cache.copy(), 5, 7))


def test_what_comes_after_is_the_same(subject: Subject) -> None:
    """A sync to another text, and a refresh, do to a restored cache what they do to the old."""
    restored, original = subject.read(subject.data), subject.cache.copy()
    tokens = edited(np.random.default_rng(2), subject.cache.tokens)
    tokens = np.insert(tokens, 20, tokens[60:64]).astype(np.int32)
    for cache in (restored, original):
        sync(cache, tokens, 40)
    assert_same(restored, original)
    first, second = restored.last_sync, original.last_sync
    assert first is not None
    assert second is not None
    assert first.encoded < len(tokens)
    assert dataclasses.replace(first, sync_ms=0) == dataclasses.replace(second, sync_ms=0)
    for cache in (restored, original):
        refresh(cache)
    assert_same(restored, original)
    assert restored.exact_prefix == len(tokens)


def test_the_same_text_costs_nothing(subject: Subject) -> None:
    restored = subject.read(subject.data)
    sync(restored, subject.cache.tokens)
    assert restored.last_sync is not None
    assert restored.last_sync.encoded == 0


def test_an_undo_makes_exact_again_after_a_restart(subject: Subject) -> None:
    """What each row was encoded under is kept, too."""
    tokens = random_tokens(np.random.default_rng(3), LENGTH)
    cache = subject.make()
    sync(cache, tokens)
    sync(cache, np.insert(tokens, 100, tokens[:3]).astype(np.int32))
    restored = subject.read(subject.written(cache))
    for each in (cache, restored):
        sync(each, tokens)
    assert restored.exact_prefix == cache.exact_prefix > 100


def test_a_sync_that_was_left_half_done_goes_on_after_a_restart(subject: Subject) -> None:
    """Rows without content are not in the snapshot."""
    tokens = random_tokens(np.random.default_rng(4), LENGTH)
    cache = subject.make()
    next(cache.sync(tokens, LENGTH, never_interrupt))
    restored = subject.read(subject.written(cache))
    assert_same(restored, cache)
    for each in (cache, restored):
        sync(each, tokens)
    assert_same(restored, cache)


def test_a_snapshot_is_smaller_than_its_cache(subject: Subject) -> None:
    """Two of three blocks, and only the rows in use."""
    element_bytes = 4 * subject.identity.num_layers * subject.identity.num_kv_heads
    rows_bytes = 2 * element_bytes * subject.identity.head_size * len(subject.cache.tokens)
    assert rows_bytes < len(subject.data) < rows_bytes + 20 * len(subject.cache.tokens) + 1000


@pytest.mark.parametrize("place", [0.0, 0.01, 0.3, 0.5, 0.8, 0.999])
def test_a_flipped_bit_is_noticed_anywhere(subject: Subject, place: float) -> None:
    index = int(place * len(subject.data))
    for at in (index, len(MAGIC), HEADER_START, len(subject.data) - 1):
        damaged = bytearray(subject.data)
        damaged[at] ^= 1
        with pytest.raises(SnapshotError):
            subject.read(bytes(damaged))


@pytest.mark.parametrize("length", [0, 3, len(MAGIC), HEADER_START, HEADER_START + 40, -500, -1])
def test_a_cut_off_snapshot_is_noticed(subject: Subject, length: int) -> None:
    with pytest.raises(SnapshotError, match=r"too early|bytes follow"):
        subject.read(subject.data[:length])


def test_more_than_was_written_is_noticed(subject: Subject) -> None:
    with pytest.raises(SnapshotError, match="bytes follow its header"):
        subject.read(subject.data + b"\0")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ModelIdentity)])
def test_another_model_is_refused_by_name_of_what_differs(subject: Subject, field: str) -> None:
    header = subject.header()
    found = header["identity"][field]
    header["identity"][field] = found + 1 if isinstance(found, int) else "other"
    with pytest.raises(SnapshotError, match=f"with other {field}$"):
        subject.read(subject.signed_again(header))


def test_another_format_is_refused_whatever_else_it_holds(subject: Subject) -> None:
    with pytest.raises(SnapshotError, match=f"reads {FORMAT_VERSION}"):
        subject.read(subject.signed_again({"format_version": 99, "something": "new"}))


@pytest.mark.parametrize("header", [None, [1], {"format_version": FORMAT_VERSION}, {"x": 1}, 5])
def test_a_header_that_is_none_is_refused(subject: Subject, header: Any) -> None:
    with pytest.raises(SnapshotError, match="header cannot be read"):
        subject.read(subject.signed_again(header))


@pytest.mark.parametrize(
    ("column", "data", "problem"),
    [
        ("tokens", b"\0\0\0\0" * 10, "different lengths"),
        ("tokens", b"\0\0\0", "cut off"),
        ("tokens", b"\xff" * 4, "different lengths"),
        ("origins", b"\0" * 1_000_000, "different lengths"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    subject: Subject, column: str, data: bytes, problem: str
) -> None:
    header = subject.header()
    header["columns"][column] = data
    with pytest.raises(SnapshotError, match=problem):
        subject.read(subject.signed_again(header))


@pytest.mark.parametrize("column", ["tokens", "is_encoded", "was_exact", "origins"])
def test_numbers_that_no_cache_has_are_refused(subject: Subject, column: str) -> None:
    header = subject.header()
    header["columns"][column] = b"\xff" * len(header["columns"][column])
    with pytest.raises(SnapshotError, match="numbers that no cache has"):
        subject.read(subject.signed_again(header))


def test_a_header_that_promises_more_tokens_than_follow_is_refused_unread(
    subject: Subject,
) -> None:
    """A lie about sizes must not make the engine ask for memory."""
    header = subject.header()
    header["columns"] = {name: data * 50 for name, data in header["columns"].items()}
    made: list[LiveCache] = []

    def make() -> LiveCache:
        made.append(subject.make())
        return made[0]

    data = subject.signed_again(header)
    with pytest.raises(SnapshotError, match="bytes follow its header"):
        read_snapshot(
            io.BytesIO(data),
            len(data),
            make,
            identity=subject.identity,
            most_tokens=100 * LENGTH,
            checkpoint=never_interrupt,
        )
    assert made[0].num_bytes == 0


def test_more_tokens_than_the_model_takes_are_refused(subject: Subject) -> None:
    """Rows that hold nothing take no room in the file, but would in memory."""
    header = subject.header()
    blank = {"tokens": 4, "encoded_under": 8, "is_encoded": 1, "was_exact": 1, "origins": 1}
    for column, size in blank.items():
        header["columns"][column] += bytes(size * MOST_TOKENS)
    with pytest.raises(SnapshotError, match=f"and the model takes {MOST_TOKENS}"):
        subject.read(subject.signed_again(header))


def test_what_is_no_snapshot_is_told_apart(subject: Subject) -> None:
    with pytest.raises(ForeignFileError):
        subject.read(b"#!/usr/bin/env python\n" * 10)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_reading_and_writing_can_be_left_between_layers(subject: Subject, layer: int) -> None:
    with pytest.raises(Preempted):
        subject.read(subject.data, interrupting_at(layer))
    with pytest.raises(Preempted):
        write_snapshot(io.BytesIO(), subject.cache, subject.identity, interrupting_at(layer))
