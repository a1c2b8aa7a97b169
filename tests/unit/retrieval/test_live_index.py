"""An index in the background: it follows the disk and open texts, and is there again next time."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from retrieval import live_index, watching
from retrieval.live_index import IndexPhase, LiveIndex

TIMEOUT_S = 30.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "a").mkdir(parents=True)
    (folder / "a/x.py").write_text("alpha")
    (folder / "y.py").write_text("beta")
    return folder


@pytest.fixture
def index(root: Path, tmp_path: Path) -> Iterator[LiveIndex]:
    index = LiveIndex([root], tmp_path / "store")
    index.start()
    assert index.wait_until_ready(TIMEOUT_S)
    yield index
    index.stop()


def paths(index: LiveIndex, query: str, without_path: str = "") -> list[str]:
    return sorted(chunk.path for chunk in index.search(query, 99, without_path=without_path))


def become(index: LiveIndex, query: str, wanted: list[str]) -> bool:
    return index.wait_until(lambda: paths(index, query) == wanted, TIMEOUT_S)


def test_it_holds_what_lies_in_the_folder(index: LiveIndex) -> None:
    assert paths(index, "alpha beta") == ["a/x.py", "y.py"]
    status = index.status()
    assert (status.phase, status.num_files, status.num_chunks) == (IndexPhase.FOLLOWING, 2, 2)
    assert status.is_watching


def test_it_follows_files(index: LiveIndex, root: Path) -> None:
    (root / "a/new.py").write_text("gamma")
    assert become(index, "gamma", ["a/new.py"])
    (root / "a/new.py").write_text("delta")
    assert become(index, "gamma delta", ["a/new.py"])
    (root / "a/new.py").rename(root / "other.py")
    assert become(index, "delta", ["other.py"])
    (root / "other.py").unlink()
    assert become(index, "delta", [])


def test_it_follows_directories(index: LiveIndex, root: Path) -> None:
    """Also what is in a new directory before anybody watches it, and what comes later."""
    (root / "b/deep").mkdir(parents=True)
    (root / "b/deep/x.py").write_text("gamma")
    assert become(index, "gamma", ["b/deep/x.py"])
    (root / "b/deep/later.py").write_text("gamma")
    assert become(index, "gamma", ["b/deep/later.py", "b/deep/x.py"])
    (root / "b").rename(root / "c")
    assert become(index, "gamma", ["c/deep/later.py", "c/deep/x.py"])
    shutil.rmtree(root / "c")
    assert become(index, "gamma", [])


def test_it_follows_ignore_files(index: LiveIndex, root: Path) -> None:
    (root / ".warmlineignore").write_text("/a/")
    assert become(index, "alpha", [])
    assert index.left_out() == {"a/": ".warmlineignore: /a/"}
    (root / ".warmlineignore").unlink()
    assert become(index, "alpha", ["a/x.py"])


def test_open_text_hides_the_file_until_it_is_closed(index: LiveIndex, root: Path) -> None:
    index.set_open_text("y.py", "gamma")
    assert paths(index, "beta gamma") == ["y.py"]
    assert paths(index, "beta") == []
    (root / "y.py").write_text("saved elsewhere")
    (root / "z.py").write_text("mark")
    assert become(index, "mark", ["z.py"])  # so the change before it has been seen too
    assert paths(index, "saved") == []
    index.close_text("y.py")
    assert paths(index, "gamma") == []
    assert paths(index, "saved") == ["y.py"]


def test_the_newest_open_text_counts(index: LiveIndex) -> None:
    index.set_open_text("unsaved.py", "gamma")
    index.set_open_text("unsaved.py", "delta")
    assert paths(index, "gamma delta") == ["unsaved.py"]
    assert paths(index, "gamma") == []
    index.close_text("unsaved.py")
    assert paths(index, "delta") == []


def test_the_asking_document_is_not_looked_at(index: LiveIndex) -> None:
    index.set_open_text("y.py", "alpha")
    assert paths(index, "alpha", without_path="y.py") == ["a/x.py"]
    assert paths(index, "alpha") == ["a/x.py", "y.py"]


def test_open_text_of_an_ignored_file_stays_out(index: LiveIndex) -> None:
    index.set_open_text(".env", "alpha")
    assert paths(index, "alpha") == ["a/x.py"]
    assert index.left_out()[".env"] == "may hold secrets: *.env"


def test_no_secret_gets_into_the_index_or_onto_the_disk(root: Path, tmp_path: Path) -> None:
    secret = "AKIA" + "QX7ZPL2MN8RTVWYB"
    (root / "y.py").write_text(f'def sign():\n    return "{secret}"\n')
    index = LiveIndex([root], tmp_path / "store")
    index.start()
    assert index.wait_until_ready(TIMEOUT_S)
    index.set_open_text("a/x.py", f"def call():\n    return '{secret}'\n")
    assert index.wait_until(lambda: len(index.search("call sign", 9)) == 2, TIMEOUT_S)
    found = [chunk.text for chunk in index.search("call sign", 9)]
    index.stop()
    assert all("x" * len(secret) in text and secret not in text for text in found)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "store").rglob("*") if file.is_file())
    assert b"sign" in kept
    assert secret.encode() not in kept


def test_what_may_be_shown_is_known_before_anything_is_read(root: Path) -> None:
    (root / ".gitignore").write_text("/a/")
    index = LiveIndex([root])
    assert index.reason_for("y.py") == ""
    assert index.reason_for("a/x.py") == ".gitignore: /a/"
    assert index.reason_for("deep/.env.local") == "may hold secrets: .env.*"
    assert index.reason_for("../elsewhere.py") == "outside"
    assert index.reason_for("x/" * 2000) == "deeper than 40 directories"


def test_what_may_be_shown_follows_ignore_files(index: LiveIndex, root: Path) -> None:
    assert index.reason_for("y.py") == ""
    (root / ".gitignore").write_text("y.py")
    assert index.wait_until(lambda: index.reason_for("y.py") != "", TIMEOUT_S)


def test_open_text_of_a_file_elsewhere_is_not_taken(tmp_path: Path) -> None:
    index = LiveIndex([tmp_path / "a", tmp_path / "b"])
    index.set_open_text("c/x.py", "alpha")
    index.set_open_text("b/x.py", "alpha")
    assert paths(index, "alpha") == ["b/x.py"]
    assert index.path_of(tmp_path / "c/x.py") is None


def test_open_text_is_not_kept_as_the_files(root: Path, tmp_path: Path) -> None:
    first = LiveIndex([root], tmp_path / "store")
    first.set_open_text("y.py", "gamma")
    first.start()
    assert first.wait_until_ready(TIMEOUT_S)
    assert paths(first, "gamma") == ["y.py"]
    first.stop()
    second = LiveIndex([root], tmp_path / "store")
    second.start()
    assert second.wait_until_ready(TIMEOUT_S)
    assert paths(second, "gamma") == []
    assert paths(second, "beta") == ["y.py"]
    second.stop()


def test_open_text_told_before_the_store_is_read_counts(root: Path, tmp_path: Path) -> None:
    first = LiveIndex([root], tmp_path / "store")
    first.start()
    assert first.wait_until_ready(TIMEOUT_S)
    first.stop()
    second = LiveIndex([root], tmp_path / "store")
    second.set_open_text("y.py", "gamma")
    assert paths(second, "gamma") == ["y.py"]
    second.start()
    assert second.wait_until_ready(TIMEOUT_S)
    assert paths(second, "gamma beta") == ["y.py"]
    assert paths(second, "beta") == []
    second.stop()


def test_what_changed_while_nobody_looked_is_found(root: Path, tmp_path: Path) -> None:
    first = LiveIndex([root], tmp_path / "store")
    first.start()
    assert first.wait_until_ready(TIMEOUT_S)
    first.stop()
    (root / "y.py").unlink()
    (root / "z.py").write_text("gamma")
    second = LiveIndex([root], tmp_path / "store")
    second.start()
    assert second.wait_until_ready(TIMEOUT_S)
    assert paths(second, "alpha beta gamma") == ["a/x.py", "z.py"]
    second.stop()


def test_an_index_that_cannot_be_kept_works_all_the_same(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    index = LiveIndex([root], tmp_path / "file/store")
    with caplog.at_level(logging.WARNING):
        index.start()
        assert index.wait_until_ready(TIMEOUT_S)
        index.stop()
    assert paths(index, "alpha") == ["a/x.py"]
    assert any("not kept for the next run" in message for message in caplog.messages)


def test_without_a_watch_changes_are_looked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the system has no more watches to give."""

    def no_watch(*_: object, **__: object) -> NoReturn:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watching, "watch", no_watch)
    monkeypatch.setattr(live_index, "_LOOK_AGAIN_UNWATCHED_S", 0.01)
    index = LiveIndex([root])
    with caplog.at_level(logging.WARNING):
        index.start()
        assert index.wait_until_ready(TIMEOUT_S)
        (root / "new.py").write_text("gamma")
        assert become(index, "gamma", ["new.py"])
    assert not index.status().is_watching
    index.stop()
    assert caplog.messages == [
        "Changes on disk are not noticed at once: OS file watch limit reached."
    ]


def test_folders_may_be_missing_or_none(tmp_path: Path) -> None:
    for folders in ([], [tmp_path / "nowhere"]):
        index = LiveIndex(folders, tmp_path / "store")
        index.start()
        assert index.wait_until_ready(TIMEOUT_S)
        assert paths(index, "alpha") == []
        index.stop()
        assert index.status().phase is IndexPhase.STOPPED


def test_stopping_before_or_without_a_start_is_fine(root: Path) -> None:
    LiveIndex([root]).stop()
    index = LiveIndex([root])
    index.start()
    index.stop()
    assert not index._thread.is_alive()
