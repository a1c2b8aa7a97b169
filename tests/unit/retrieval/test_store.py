"""An index on disk: the same again, or nothing and a line in the log."""

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.folders import Folders
from retrieval.lexical import LexicalIndex
from retrieval.repository import RepositoryIndex
from retrieval.store import IndexStore
from retrieval.store_format import FORMAT_VERSION


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "x.py").write_text("alpha beta\n\n" * 40)
    (folder / "y.py").write_text("gamma")
    (folder / "picture").write_bytes(b"\0\1")
    for path in folder.iterdir():
        os.utime(path, (1, 1))  # settled long ago
    return folder


@pytest.fixture
def store(root: Path, tmp_path: Path) -> IndexStore:
    return IndexStore(tmp_path / "store", Folders([root]))


def new_index(root: Path) -> RepositoryIndex:
    return RepositoryIndex(Folders([root]), LexicalIndex())


def restored(root: Path, store: IndexStore) -> RepositoryIndex:
    index, state = new_index(root), store.read()
    assert state is not None
    index.restore(state)
    return index


def kept(root: Path, store: IndexStore) -> RepositoryIndex:
    index = new_index(root)
    list(index.scan())
    store.write(index.state())
    return index


def test_what_was_kept_comes_back_and_nothing_is_read_again(root: Path, store: IndexStore) -> None:
    before, index = kept(root, store), restored(root, store)
    assert index.lexical.search("alpha", 9) == before.lexical.search("alpha", 9) != ()
    *_, report = index.scan()
    assert (report.num_files, report.num_read) == (3, 0)
    assert index.left_out == {"picture": "binary"}


def test_only_what_has_changed_is_read_again(root: Path, store: IndexStore) -> None:
    kept(root, store)
    (root / "y.py").write_text("delta")
    os.utime(root / "y.py", (2, 2))
    (root / "x.py").unlink()
    index = restored(root, store)
    *_, report = index.scan()
    assert (report.num_files, report.num_read, report.num_gone) == (2, 1, 1)
    assert [chunk.path for chunk in index.lexical.search("delta gamma alpha", 9)] == ["y.py"]


def test_a_file_written_shortly_before_it_was_read_is_read_again(
    root: Path, store: IndexStore
) -> None:
    """It might have been changed once more, in the same tick of the clock, at the same size."""
    (root / "y.py").write_text("delta")
    kept(root, store)
    index = restored(root, store)
    *_, report = index.scan()
    assert report.num_read == 1


def test_it_is_private_and_leaves_no_drafts(root: Path, store: IndexStore) -> None:
    kept(root, store)
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def flipped(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda _: b"", "is no index, or was cut off"),
        (lambda _: b"something else" * 20, "is no index, or was cut off"),
        (lambda data: data[: len(data) // 2], "is damaged: its checksum does not fit"),
        (flipped, "is damaged: its checksum does not fit"),
        (
            lambda data: data.replace(bytes([FORMAT_VERSION]), b"\1", 1),
            "was written by another version of Warmline",
        ),
    ],
)
def test_what_is_damaged_is_not_believed(
    damage: Callable[[bytes], bytes],
    told: str,
    root: Path,
    store: IndexStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept(root, store)
    store.path.write_bytes(damage(store.path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert store.read() is None
    assert caplog.messages == [f"The index {store.path} {told}; it is made anew."]


def test_nothing_kept_is_nothing_to_tell(
    store: IndexStore, caplog: pytest.LogCaptureFixture
) -> None:
    assert store.read() is None
    assert caplog.messages == []


def test_an_index_of_other_folders_is_not_taken(
    root: Path, store: IndexStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept(root, store)
    other = IndexStore(tmp_path / "store", Folders([tmp_path]))
    assert other.path != store.path
    store.path.replace(other.path)
    assert other.read() is None
    assert "is of other folders" in caplog.text


def test_indexes_that_nobody_uses_are_deleted(root: Path, store: IndexStore) -> None:
    directory = store.path.parent
    directory.mkdir()
    for name in ("old.index", ".draft-old", "other"):
        (directory / name).touch()
        os.utime(directory / name, (1, 1))
    (directory / "new.index").touch()
    kept(root, store)
    assert {path.name for path in directory.iterdir()} == {store.path.name, "new.index", "other"}
