"""Folders that cannot be written, or that everybody can write, and disks without room."""

import os
from pathlib import Path

import pytest

from engine.settings import DEFAULT_MODEL, EngineSettings
from tests.unit.warmline.checks.machine import Machine, amiss, only
from warmline.checks import disk
from warmline.checks.disk import check_disk
from warmline.checks.finding import Verdict
from warmline.checks.folders import check_folders
from warmline.checks.problems import Problem

SETTINGS = EngineSettings()


def test_folders_are_made_later_and_looking_makes_none(machine: Machine) -> None:
    machine.set(WARMLINE_CACHE=machine.root / "later" / "still")
    assert only(check_folders(SETTINGS)).verdict is Verdict.WORKS
    assert not (machine.root / "later").exists()
    assert not (machine.root / "state").exists()


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ("WARMLINE_CACHE", Problem.FOLDER_UNWRITABLE),
        ("XDG_STATE_HOME", Problem.FOLDER_UNWRITABLE),
        ("WARMLINE_INDEX_DIR", Problem.KEPT_UNWRITABLE),
        ("WARMLINE_SNAPSHOT_DIR", Problem.KEPT_UNWRITABLE),
    ],
)
def test_a_folder_below_a_file_cannot_be_written(
    machine: Machine, variable: str, problem: Problem
) -> None:
    file = machine.root / "file"
    file.touch()
    machine.set(**{variable: file / "folder"})
    finding = only(check_folders(SETTINGS))
    assert finding.id == problem.id
    assert "cannot be written" in finding.found
    assert variable in finding.advice


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="the superuser writes anywhere")
@pytest.mark.parametrize("name", ["", "models", "packed"])
def test_a_folder_without_permission_cannot_be_written(machine: Machine, name: str) -> None:
    """Such as one that was made with sudo."""
    folder = machine.cache / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o500)
    problem = Problem.KEPT_UNWRITABLE if name == "packed" else Problem.FOLDER_UNWRITABLE
    assert problem.id in amiss(check_folders(SETTINGS))
    folder.chmod(0o700)


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
def test_a_folder_that_others_can_write_is_a_risk(machine: Machine) -> None:
    machine.set(WARMLINE_CACHE=machine.home)
    machine.home.chmod(0o777)
    finding = only(check_folders(SETTINGS))
    assert finding.id == Problem.FOLDER_OPEN.id
    assert finding.advice == "`chmod go-w ~`"


def test_snapshots_that_are_off_need_no_folder(machine: Machine) -> None:
    (machine.root / "file").touch()
    machine.set(WARMLINE_SNAPSHOT_DIR=machine.root / "file" / "folder")
    assert amiss(check_folders(EngineSettings(snapshots=False))) == []


def test_what_no_disk_can_hold_is_found_where_it_would_be_written(machine: Machine) -> None:
    machine.set(WARMLINE_SNAPSHOT_DIR=machine.root / "kept")
    settings = EngineSettings(snapshot_bytes=10**18)
    finding = only(check_disk(settings, machine.add_model()))
    assert finding.id == Problem.DISK_SHORT.id
    assert f"free at {machine.root / 'kept'}" in finding.found
    assert "snapshots 1000000000.0 GB" in finding.found
    assert finding.advice.endswith("or point WARMLINE_SNAPSHOT_DIR to another disk")


def test_a_model_that_is_to_come_needs_room(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less what an earlier pull has got."""
    monkeypatch.setattr(disk, "free_bytes", lambda _: 2_000_000_000)
    partial = machine.cache / "models" / ".partial" / DEFAULT_MODEL
    partial.mkdir(parents=True)
    with (partial / "part").open("wb") as file:
        file.truncate(260_440_294)
    finding = only(check_disk(SETTINGS, None))
    assert finding.id == Problem.DISK_SHORT.id
    assert "model 2.0 GB" in finding.found
    assert "analysers 1.0 GB" in finding.found
    assert finding.advice.startswith("free 2.1 GB there")
    assert "WARMLINE_CACHE" in finding.advice


def test_a_model_that_is_here_needs_room_for_its_packed_weights_once(machine: Machine) -> None:
    model = machine.add_model()
    assert "packed weights 1 kB" in only(check_disk(SETTINGS, model)).found
    packed = machine.cache / "packed" / "tiny-0123456789abcdef.safetensors"
    packed.parent.mkdir()
    packed.touch()
    assert "packed" not in only(check_disk(SETTINGS, model)).found


def test_a_gguf_file_needs_room_for_its_full_weights(machine: Machine) -> None:
    file = machine.root / "model.gguf"
    with file.open("wb") as written:
        written.write(b"GGUF")
        written.truncate(1_000_000)
    assert "model 4 MB" in only(check_disk(EngineSettings(model=str(file)), None)).found


def test_disks_are_looked_at_one_by_one(machine: Machine) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108  # nothing is written
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == machine.cache.stat().st_dev:
        pytest.skip("there is only one file system")
    machine.set(WARMLINE_SNAPSHOT_DIR=elsewhere / "warmline-snapshots")
    settings = EngineSettings(snapshot_bytes=10**18)
    here, there = check_disk(settings, machine.add_model())
    assert (here.id, there.id) == ("disk.works", Problem.DISK_SHORT.id)
