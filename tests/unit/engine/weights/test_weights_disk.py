import errno
from pathlib import Path

import pytest

from engine.errors import DiskSpaceError, ModelError
from engine.weights.disk import (
    disk_errors_in_words,
    file_sizes,
    free_bytes,
    in_words,
    publish_folder,
    remove_folder,
    require_space,
    size_on_disk,
)
from engine.weights.hashes import HashMemory
from engine.weights.progress import ignore_progress


def test_space_is_measured_where_the_folder_will_be(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet" / "there") > 0


def test_too_little_space_says_what_was_needed_and_found(tmp_path: Path) -> None:
    require_space(100, tmp_path, "Pulling", lambda _: 100)
    with pytest.raises(DiskSpaceError, match=r"Pulling needs 2\.2 GB free .* only 300 MB"):
        require_space(2_200_000_000, tmp_path, "Pulling", lambda _: 300_000_000)


@pytest.mark.parametrize(
    ("num_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (98_362_432, "98 MB"), (1_260_367_448, "1.3 GB")],
)
def test_sizes_read_well(num_bytes: int, words: str) -> None:
    assert in_words(num_bytes) == words


def test_publishing_replaces_what_was_there(tmp_path: Path) -> None:
    made, place = tmp_path / ".partial" / "made", tmp_path / "place"
    made.mkdir(parents=True)
    (made / "new").write_text("new")
    place.mkdir()
    (place / "old").write_text("old")
    publish_folder(made, place)
    assert [path.name for path in place.iterdir()] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".partial", "place"]


def test_removing_nothing_is_nothing(tmp_path: Path) -> None:
    remove_folder(tmp_path / "missing")
    assert size_on_disk(tmp_path / "missing") == 0


def test_a_link_does_not_count_as_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(100_000))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "large")
    assert size_on_disk(folder) < 1000


def test_files_that_vanish_while_they_are_counted_do_not_count(tmp_path: Path) -> None:
    """pip makes and removes folders while its progress is read."""
    (tmp_path / "kept").write_bytes(b"1")
    (tmp_path / "z-passing").write_bytes(b"22")
    (tmp_path / "folder").mkdir()
    sizes = file_sizes(tmp_path)
    seen = [next(sizes)]
    for name in ("kept", "z-passing"):
        (tmp_path / name).unlink()
    (tmp_path / "folder").rmdir()
    assert [*seen, *sizes] == seen


def test_errors_of_the_system_become_sentences(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DiskSpaceError, match="ran full"), disk_errors_in_words(tmp_path):
        raise full
    denied = PermissionError(errno.EACCES, "Permission denied", "/some/file")
    with (
        pytest.raises(ModelError, match="/some/file: Permission denied"),
        disk_errors_in_words(tmp_path),
    ):
        raise denied


def test_a_file_is_hashed_once_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    memory = HashMemory(tmp_path / "hashes.json")
    first = memory.sha256(file, ignore_progress)
    read_again: list[object] = []
    assert memory.sha256(file, read_again.append) == first
    assert not read_again
    file.write_bytes(b"three")
    assert memory.sha256(file, read_again.append) != first
    assert read_again


def test_a_damaged_memory_of_hashes_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    memory = HashMemory(tmp_path / "hashes.json")
    digest = memory.sha256(file, ignore_progress)
    (tmp_path / "hashes.json").write_text("{nonsense")
    assert memory.sha256(file, ignore_progress) == digest
