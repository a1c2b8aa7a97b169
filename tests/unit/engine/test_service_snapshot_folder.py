"""The folder of snapshots: bounded, private, and never with half a file."""

import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BufferedIOBase
from pathlib import Path

import pytest

from engine.service.snapshot_folder import SnapshotFolder

WAIT_S = 20.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "snapshots"


@pytest.fixture
def folder(place: Path) -> SnapshotFolder:
    return SnapshotFolder(place, most_bytes=100)


def writing(data: bytes) -> Callable[[BufferedIOBase], None]:
    def write(file: BufferedIOBase) -> None:
        file.write(data)

    return write


def content(folder: SnapshotFolder, name: str) -> bytes | None:
    file = folder.open(name)
    if file is None:
        return None
    with file:
        return file.read()


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def test_what_was_put_is_found(folder: SnapshotFolder) -> None:
    assert content(folder, "a") is None
    assert folder.put("a", 1.0, writing(b"old"))
    assert folder.put("a", 2.0, writing(b"new"))
    assert content(folder, "a") == b"new"
    folder.remove("a")
    folder.remove("a")
    assert content(folder, "a") is None


@pytest.mark.skipif(os.name != "posix", reason="modes are for posix")
def test_nobody_else_can_read_it(folder: SnapshotFolder, place: Path) -> None:
    folder.put("a", 1.0, writing(b"secret"))
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "a.snapshot").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="modes are for posix")
@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_to_which_others_may_write_is_not_used(
    folder: SnapshotFolder, place: Path, mode: int
) -> None:
    place.mkdir(parents=True)
    (place / "a.snapshot").write_bytes(b"planted")
    place.chmod(mode)
    with pytest.raises(PermissionError, match="others may write"):
        folder.open("a")
    with pytest.raises(PermissionError, match="others may write"):
        folder.put("a", 1.0, writing(b"secret"))


@pytest.mark.skipif(os.name != "posix", reason="links are for posix")
def test_a_link_in_its_place_is_not_used(folder: SnapshotFolder, place: Path) -> None:
    elsewhere = place.parent.parent / "elsewhere"
    elsewhere.mkdir()
    place.parent.mkdir()
    place.symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="not a folder that belongs to you"):
        folder.put("a", 1.0, writing(b"secret"))
    assert not list(elsewhere.iterdir())


def test_what_is_no_file_is_not_opened(folder: SnapshotFolder, place: Path) -> None:
    (place / "a.snapshot").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="is no file"):
        folder.open("a")


def test_the_least_recently_used_give_way(folder: SnapshotFolder, place: Path) -> None:
    for used_at_s, name in enumerate(["a", "b", "c"], start=1):
        assert folder.put(name, used_at_s, writing(b"x" * 30))
    folder.mark_used("a")
    assert folder.put("d", 10.0, writing(b"x" * 60))
    assert names(place) == {"a.snapshot", "d.snapshot"}


def test_later_ones_do_not_give_way_to_earlier_ones(folder: SnapshotFolder, place: Path) -> None:
    folder.put("a", 5.0, writing(b"x" * 60))
    folder.put("b", 1.0, writing(b"x" * 30))
    assert not folder.put("c", 2.0, writing(b"x" * 70))
    assert names(place) == {"a.snapshot", "b.snapshot"}, "nothing was deleted in vain"


def test_one_that_is_too_large_is_not_kept(folder: SnapshotFolder, place: Path) -> None:
    folder.put("a", 1.0, writing(b"small"))
    assert not folder.put("a", 2.0, writing(b"x" * 101))
    assert content(folder, "a") == b"small"
    assert names(place) == {"a.snapshot"}


def test_a_newer_file_of_the_same_name_needs_no_room_beside_the_old(
    folder: SnapshotFolder, place: Path
) -> None:
    folder.put("a", 1.0, writing(b"x" * 40))
    folder.put("b", 2.0, writing(b"x" * 50))
    folder.put("b", 3.0, writing(b"x" * 60))
    assert names(place) == {"a.snapshot", "b.snapshot"}


def test_a_write_that_fails_leaves_what_was_there(folder: SnapshotFolder, place: Path) -> None:
    folder.put("a", 1.0, writing(b"old"))

    def fail(file: BufferedIOBase) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        folder.put("a", 2.0, fail)
    assert content(folder, "a") == b"old"
    assert names(place) == {"a.snapshot"}


def test_drafts_of_killed_processes_are_deleted(folder: SnapshotFolder, place: Path) -> None:
    place.mkdir(parents=True)
    old, young = place / ".draft-old", place / ".draft-young"
    for draft in (old, young):
        draft.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))
    folder.put("a", 1.0, writing(b"new"))
    assert names(place) == {"a.snapshot", ".draft-young"}


def test_clearing_leaves_the_files_of_others(folder: SnapshotFolder, place: Path) -> None:
    assert folder.clear() == 0
    folder.put("a", 1.0, writing(b"a"))
    folder.put("b", 1.0, writing(b"b"))
    (place / "notes.txt").write_text("mine")
    assert folder.clear() == 2
    assert names(place) == {"notes.txt"}


def test_of_two_that_write_at_once_one_stays_whole(place: Path) -> None:
    """Both have begun before either ends, and each file is one of the two."""
    both_write = threading.Barrier(2, timeout=WAIT_S)

    def put(letter: bytes) -> bool:
        def write(file: BufferedIOBase) -> None:
            file.write(letter * 20)
            both_write.wait()
            file.write(letter * 20)

        return SnapshotFolder(place, most_bytes=100).put("a", 1.0, write)

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(put, [b"x", b"y"], timeout=WAIT_S))
    assert content(SnapshotFolder(place, 100), "a") in {b"x" * 40, b"y" * 40}
    assert names(place) == {"a.snapshot"}
