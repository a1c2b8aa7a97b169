"""Which folder is searched for what helps in a file."""

import tempfile
from pathlib import Path

import pytest

from warmline.roots import repository_root


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "repository" / "project" / "package" / "module.py"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_alone_it_is_its_own_folder(file: Path) -> None:
    assert repository_root(file) == file.parent


def test_it_is_the_project_and_rather_the_repository(file: Path) -> None:
    project = file.parents[1]
    (project / "pyproject.toml").touch()
    assert repository_root(file) == project
    (project.parent / ".git").mkdir()
    assert repository_root(file) == project.parent


def test_it_is_never_the_home_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many people keep their settings in a repository there."""
    home = file.parents[2]
    (home / ".git").mkdir()
    monkeypatch.setenv("HOME", str(home))
    assert repository_root(file) == file.parent
    assert repository_root(home / "note.txt") is None
    assert repository_root(Path("/note.txt")) is None


def test_it_is_never_the_folder_for_temporary_files() -> None:
    assert repository_root(Path(tempfile.gettempdir()) / "note.txt") is None
