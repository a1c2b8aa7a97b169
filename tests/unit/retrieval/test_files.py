"""What a walk finds in friendly and hostile folders, and what reading makes of it."""

import os
from pathlib import Path

import pytest

from retrieval.files import (
    FileLimits,
    FoundDirectory,
    FoundFile,
    LeftOut,
    find_files,
    look_at,
    read_file,
)
from retrieval.ignoring import IgnoreRules

LIMITS = FileLimits()


def walk(root: Path, limits: FileLimits = LIMITS) -> tuple[list[str], dict[str, str]]:
    """Return the paths of the files found, and the reasons for the others."""
    found = list(find_files(root, IgnoreRules(root), limits))
    files = [each.path for each in found if isinstance(each, FoundFile)]
    return files, {each.path: each.reason for each in found if isinstance(each, LeftOut)}


def reason_to_leave(root: Path, content: bytes, limits: FileLimits = LIMITS) -> str:
    (root / "x").write_bytes(content)
    read = read_file(root, "x", limits)
    return read.reason if isinstance(read, LeftOut) else ""


def test_a_walk_finds_files_and_directories(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/x.py").write_text("x")
    (tmp_path / "y.py").write_text("yy")
    (tmp_path / ".gitignore").write_text("y.py")
    found = list(find_files(tmp_path, IgnoreRules(tmp_path), LIMITS))
    assert [each.path for each in found if isinstance(each, FoundDirectory)] == ["", "a", "a/b"]
    assert walk(tmp_path) == ([".gitignore", "a/b/x.py"], {"y.py": ".gitignore: y.py"})
    sizes = {each.path: each.stamp.size_bytes for each in found if isinstance(each, FoundFile)}
    assert sizes == {".gitignore": 4, "a/b/x.py": 1}


def test_links_are_never_followed(tmp_path: Path) -> None:
    """Neither out of the folder, nor in circles."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "secret.py").write_text("s")
    (root / "file").symlink_to(outside / "secret.py")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "broken").symlink_to(root / "nowhere")
    assert walk(root) == ([], dict.fromkeys(("file", "out", "loop", "broken"), "a link"))
    assert isinstance(read_file(root, "file", LIMITS), LeftOut)
    rules = IgnoreRules(root)
    assert look_at(root, "out/secret.py", rules, LIMITS) == LeftOut(
        "out/secret.py", "behind a link"
    )
    assert look_at(root, "../outside/secret.py", rules, LIMITS) == LeftOut(
        "../outside/secret.py", "outside"
    )


def test_pipes_and_sockets_are_not_opened(tmp_path: Path) -> None:
    """Opening one would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    assert walk(tmp_path) == ([], {"pipe": "no plain file"})
    assert read_file(tmp_path, "pipe", LIMITS) == LeftOut("pipe", "no plain file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "x").touch(mode=0)
    assert walk(tmp_path) == (["x"], {"closed/": "cannot be read: Permission denied"})
    assert read_file(tmp_path, "x", LIMITS) == LeftOut("x", "cannot be read: Permission denied")


def test_names_that_are_not_utf_8_are_left_out(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"x\xff.py")).write_text("x")
    assert walk(tmp_path) == ([], {"x�.py": "its name is not UTF-8"})


@pytest.mark.parametrize(
    ("limits", "files", "left_out"),
    [
        (
            FileLimits(max_files=2),
            ["0", "1"],
            {"2": "more than 2 files", "d/3": "more than 2 files"},
        ),
        (FileLimits(max_directories=1), ["0", "1", "2"], {"d/": "more than 1 directories"}),
        (FileLimits(max_depth=0), [], {"/": "deeper than 0 directories"}),
        (
            FileLimits(max_walk_s=-1),
            [],
            {"/": "the walk took longer than -1 s"},
        ),
        (
            FileLimits(max_file_bytes=0),
            [],
            dict.fromkeys(("0", "1", "2", "d/3"), "larger than 0 MB"),
        ),
    ],
)
def test_limits(
    limits: FileLimits, files: list[str], left_out: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    for path in ("0", "1", "2", "d/3"):
        (tmp_path / path).write_text("x")
    assert walk(tmp_path, limits) == (files, left_out)


def test_a_directory_with_too_many_entries_is_cut(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).write_text("x")
    files, left_out = walk(tmp_path, FileLimits(max_directory_entries=3))
    assert len(files) == 3
    assert left_out == {"/": "more than 3 entries, the rest is left out"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", ""),
        (b"plain\ntext", ""),
        ("größe".encode(), ""),
        (b"\xef\xbb\xbftext", ""),
        (b"MZ\0\0", "binary"),
        ("text".encode("utf-16"), "binary"),
        ("größe".encode("latin-1"), "not UTF-8"),
        (b"x" * 500, "lines of 500 characters: minified, or data"),
        (b"x\n" * 1000 + b"x" * 30_000, "a line of 30000 characters: minified, or data"),
    ],
)
def test_content(content: bytes, reason: str, tmp_path: Path) -> None:
    assert reason_to_leave(tmp_path, content) == reason


def test_a_file_that_grew_since_it_was_found_is_still_too_large(tmp_path: Path) -> None:
    assert reason_to_leave(tmp_path, b"x\n" * 50, FileLimits(max_file_bytes=99)) == (
        "larger than 9.9e-05 MB"
    )


def test_a_mark_of_byte_order_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbftext")
    read = read_file(tmp_path, "x", LIMITS)
    assert not isinstance(read, LeftOut)
    assert read[0] == "text"
