"""One name for each file, however many folders there are."""

from pathlib import Path

import pytest

from retrieval.folders import Folders


def test_a_single_folder_gives_no_prefix(tmp_path: Path) -> None:
    folders = Folders([tmp_path])
    assert folders.path_of(tmp_path / "a/b.py") == "a/b.py"
    assert folders.file_of("a/b.py") == tmp_path / "a/b.py"


def test_what_is_elsewhere_has_no_path(tmp_path: Path) -> None:
    folders = Folders([tmp_path / "a"])
    assert folders.path_of(tmp_path / "b/x.py") is None
    assert folders.path_of(tmp_path / "a/../b/x.py") is None
    assert folders.path_of(tmp_path / "a") is None
    assert not Folders([]).hold("x.py")


def test_several_folders_are_told_apart_by_name(tmp_path: Path) -> None:
    roots = [tmp_path / "x/lib", tmp_path / "y/lib", tmp_path / "app"]
    folders = Folders(roots)
    paths = [folders.path_of(root / "a.py") for root in roots]
    assert paths == ["lib/a.py", "lib-2/a.py", "app/a.py"]
    assert [folders.file_of(path) for path in filter(None, paths)] == [r / "a.py" for r in roots]
    assert not folders.hold("other/a.py")
    with pytest.raises(KeyError):
        folders.folder_of("other/a.py")


def test_a_folder_inside_another_has_its_files_for_itself(tmp_path: Path) -> None:
    folders = Folders([tmp_path, tmp_path / "sub/inner"])
    assert folders.path_of(tmp_path / "sub/inner/a.py") == "inner/a.py"
    outer, inner = folders
    assert outer.apart == ("sub/inner",)
    assert inner.apart == ()


def test_a_folder_given_twice_is_one(tmp_path: Path) -> None:
    assert len(list(Folders([tmp_path, tmp_path / "."]))) == 1


def test_a_folder_behind_a_link_is_known_by_both_names(tmp_path: Path) -> None:
    """Editors send the name they were given; the walk knows the other one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folders = Folders([tmp_path / "link"])
    assert folders.path_of(tmp_path / "link/a.py") == "a.py"
    assert folders.path_of(tmp_path / "real/a.py") == "a.py"
