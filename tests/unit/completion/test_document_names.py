"""Names of documents, from every kind of editor, as paths."""

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion import document_names
from completion.document_names import file_around, file_of, fragment_of, path_of, scheme_of

CELL = "vscode-notebook-cell:/home/me/note%20book.ipynb#W1sZmlsZQ%3D%3D"

plain_names = st.text(
    st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name not in (".", ".."))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("file:///home/me/my%20code/a.py", "/home/me/my code/a.py"),
        ("FILE:///a.py", "/a.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file:/a.py", "/a.py"),
        ("file:///a%23b%3Fc.py", "/a#b?c.py"),
        ("file:///caf%C3%A9.py", "/café.py"),
        ("file:///%ff.py", "/\ufffd.py"),
        ("file:///c%3A/src/a.py", "c:/src/a.py"),
        ("file:///C:/src/a.py", "C:/src/a.py"),
        ("file:///c:", "c:"),
        ("file:///c:d/a.py", "/c:d/a.py"),
        (r"C:\src\a.py", "C:/src/a.py"),
        ("C:/src/a.py", "C:/src/a.py"),
        (r"src\a.py", "src/a.py"),
        ("/home/me/100%25 #1?.py", "/home/me/100%25 #1?.py"),
        ("a.py", "a.py"),
        ("", ""),
        ("untitled:Untitled-1", "Untitled-1"),
        (CELL, "/home/me/note book.ipynb"),
        ("vscode-vfs://github/me/code/a.py", "/me/code/a.py"),
        ("git:/home/me/a.py?%7B%22ref%22%3A%22%22%7D", "/home/me/a.py"),
        ("file://[", ""),
    ],
)
def test_the_path_of_a_name(name: str, path: str) -> None:
    assert path_of(name) == path


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("file:///home/me/a%20b.py", Path("/home/me/a b.py")),
        ("file://localhost/a.py", Path("/a.py")),
        ("/home/me/a.py", Path("/home/me/a.py")),
        ("file://elsewhere/share/a.py", None),
        ("untitled:/home/me/a.py", None),
        ("untitled:Untitled-1", None),
        (CELL, None),
        ("src/a.py", None),
        ("file:a.py", None),
        ("", None),
        ("file://[", None),
        ("file:///nul%00.py", None),
        ("file:///half\ud800.py", None),
    ],
)
def test_the_file_of_a_name(name: str, file: Path | None) -> None:
    assert file_of(name) == file


@given(st.lists(plain_names, min_size=1, max_size=4))
def test_every_file_is_found_again_by_its_uri(parts: list[str]) -> None:
    file = Path("/", *parts)
    assert file_of(file.as_uri()) == file_of(str(file)) == file_around(file.as_uri()) == file


def test_a_file_name_that_is_no_unicode_is_found_again() -> None:
    file = Path("/caf\udce9.py")
    assert file_of(file.as_uri()) == file


@given(st.text() | st.text("file:/%c3A[#\0"))
def test_no_name_is_too_odd(name: str) -> None:
    path_of(name).encode()
    for file in (file_of(name), file_around(name)):
        assert file is None or file.is_absolute()
    assert not scheme_of(name) or fragment_of(name) in name


def test_a_cell_is_part_of_its_notebook() -> None:
    assert file_around(CELL) == Path("/home/me/note book.ipynb")
    assert file_around("untitled:Untitled-1") is None
    assert fragment_of(CELL) == "W1sZmlsZQ%3D%3D"
    assert fragment_of("/home/me/#1.py") == ""


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("Untitled:a", "untitled"), ("/a:b", ""), ("a.py", ""), ("x:a", ""), ("file:///a", "file")],
)
def test_one_letter_is_a_drive_and_no_scheme(name: str, scheme: str) -> None:
    assert scheme_of(name) == scheme


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("file:///c%3A/src/a.py", "c:/src/a.py"),
        (r"C:\src\a.py", "C:/src/a.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
        ("file:///src/a.py", None),  # on which drive?
    ],
)
def test_files_on_windows(monkeypatch: pytest.MonkeyPatch, name: str, file: str | None) -> None:
    monkeypatch.setattr(document_names, "_IS_WINDOWS", True)
    monkeypatch.setattr(document_names, "Path", PureWindowsPath)
    assert file_of(name) == (file and PureWindowsPath(file))


@pytest.mark.skipif(document_names._IS_WINDOWS, reason="a colon is no part of a name there")
def test_elsewhere_a_folder_may_be_called_like_a_drive() -> None:
    assert file_of("file:///c%3A/src/a.py") == Path("/c:/src/a.py")
