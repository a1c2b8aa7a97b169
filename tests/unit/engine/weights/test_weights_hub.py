import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DiskSpaceError, DownloadError, ModelFileError
from engine.weights.catalogue import CatalogueEntry, CatalogueFile
from engine.weights.hub import Hub
from engine.weights.job import Job
from engine.weights.progress import ProgressReport, Step

COMMIT = "c" * 40
FOLDER_FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "model.safetensors": b"weights" * 1000,
    "README.md": b"not wanted",
    "pytorch_model.bin": b"not wanted",
    "onnx/model.safetensors": b"not wanted",
}


@dataclass
class FakeHub:
    """What the loopback hub serves, and what it was asked for."""

    files: dict[str, bytes]
    endpoint: str = ""
    is_gated: bool = False
    lies_about_hash: bool = False
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def hash_of(self, name: str) -> str:
        content = b"something else" if self.lies_about_hash else self.files[name]
        return hashlib.sha256(content).hexdigest()

    def listing(self) -> dict[str, Any]:
        siblings = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": hashlib.sha1(content).hexdigest(),  # noqa: S324 - git's own
                **(
                    {"lfs": {"sha256": self.hash_of(name), "size": len(content), "pointerSize": 1}}
                    if name.endswith(".safetensors")
                    else {}
                ),
            }
            for name, content in self.files.items()
        ]
        return {"id": "someone/tiny", "sha": COMMIT, "siblings": siblings}


class HubServer(ThreadingHTTPServer):
    """A loopback server that knows its hub."""

    daemon_threads = True

    def __init__(self, hub: FakeHub) -> None:
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.hub = hub


class HubHandler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    @property
    def hub(self) -> FakeHub:
        assert isinstance(self.server, HubServer)
        return self.server.hub

    def _answer(self, *, with_body: bool) -> None:
        self.hub.requests.append((self.command, self.path, self.headers.get("Range")))
        name = self.path.rsplit("/", 1)[1]
        if self.hub.is_gated:
            self._send(403, b"", {"X-Error-Code": "GatedRepo"}, with_body=with_body)
        elif self.path.startswith("/api/"):
            self._send(200, json.dumps(self.hub.listing()).encode(), {}, with_body=with_body)
        elif name in self.hub.files:
            self._send_file(name, with_body=with_body)
        else:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, with_body=with_body)

    def _send_file(self, name: str, *, with_body: bool) -> None:
        content = self.hub.files[name]
        headers = {"ETag": f'"{self.hub.hash_of(name)}"', "X-Repo-Commit": COMMIT}
        if asked := self.headers.get("Range"):
            start = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, content[start:], headers, with_body=with_body)
        else:
            self._send(200, content, headers, with_body=with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], *, with_body: bool) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if not with_body:
            return
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the client stopped, as some tests want


@pytest.fixture
def new_hub() -> Iterator[Callable[..., FakeHub]]:
    """Return a starter of loopback hubs; all are stopped after the test."""
    servers: list[HubServer] = []

    def start(files: dict[str, bytes], **facts: Any) -> FakeHub:
        hub = FakeHub(files, **facts)
        server = HubServer(hub)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        servers.append(server)
        return hub

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def fetch(new_job: Callable[..., Job]) -> Callable[..., Path]:
    def fetch(hub: FakeHub, entry: CatalogueEntry, **facts: Any) -> Path:
        return Hub(hub.endpoint, wait_s=20.0).fetch(entry, new_job(**facts))

    return fetch


def test_a_file_comes_whole_and_with_progress(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
    reports: Any,
) -> None:
    content = b"GGUF" + bytes(100_000)
    hub = new_hub({"tiny.gguf": content})
    assert fetch(hub, new_entry(content)).read_bytes() == content
    last = reports.seen[-1]
    assert (last.step, last.done, last.total) == (Step.DOWNLOAD, len(content), len(content))


def test_a_stopped_download_goes_on_where_it_was(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
    tmp_path: Path,
) -> None:
    content = b"0123456789abcdef" * (25 << 16)  # 25 MiB: three of the library's blocks
    hub, entry = new_hub({"tiny.gguf": content}), new_entry(content)

    def stop_at_second_block(report: ProgressReport) -> None:
        if report.step == Step.DOWNLOAD and report.done > 15_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(hub, entry, progress=stop_at_second_block)
    (partial,) = (tmp_path / "work").glob("*.partial")
    kept = partial.stat().st_size
    assert 0 < kept < len(content)
    assert fetch(hub, entry).read_bytes() == content
    assert hub.requests[-1][2] == f"bytes={kept}-"


def test_another_version_of_the_file_is_not_downloaded(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub({"tiny.gguf": b"new version"})
    with pytest.raises(DownloadError, match="another version"):
        fetch(hub, new_entry(b"old version"))
    assert [command for command, _, _ in hub.requests] == ["HEAD"]


def test_a_folder_comes_with_what_is_needed_and_nothing_else(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub(FOLDER_FILES)
    folder = fetch(hub, new_entry(b"", hub_filename=None, download_bytes=None, sha256=None))
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    wanted = ("config.json", "tokenizer.json", "model.safetensors")
    assert found == {name: FOLDER_FILES[name] for name in wanted}
    asked = [path for _, path, _ in hub.requests if "/resolve/" in path]
    assert all(f"/resolve/{COMMIT}/" in path for path in asked)


def test_damaged_weights_of_a_folder_are_deleted(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
    tmp_path: Path,
) -> None:
    hub = new_hub(FOLDER_FILES, lies_about_hash=True)
    entry = new_entry(b"", hub_filename=None, download_bytes=None, sha256=None)
    with pytest.raises(ModelFileError, match=r"model\.safetensors arrived damaged"):
        fetch(hub, entry)
    assert not (tmp_path / "work" / "fetched" / "model.safetensors").exists()


def test_a_folder_without_a_tokenizer_is_refused_before_it_is_downloaded(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub({"config.json": b"{}", "model.safetensors": b"x"})
    with pytest.raises(DownloadError, match=r"lacks tokenizer\.json"):
        fetch(hub, new_entry(b"", hub_filename=None, download_bytes=None, sha256=None))
    assert len(hub.requests) == 1


def test_a_folder_that_would_not_fit_is_not_begun(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub(FOLDER_FILES)
    entry = new_entry(b"", hub_filename=None, download_bytes=None, sha256=None)
    with pytest.raises(DiskSpaceError, match="needs 7 kB free"):
        fetch(hub, entry, free=1000)
    assert len(hub.requests) == 1


def test_a_licence_that_was_not_accepted_is_explained(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub({}, is_gated=True)
    with pytest.raises(DownloadError, match="accept it on the model's page"):
        fetch(hub, new_entry(b""))


def test_a_missing_file_is_the_hubs_failure(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    with pytest.raises(DownloadError, match="the hub failed"):
        fetch(new_hub({}), new_entry(b""))


def test_a_hub_that_is_not_there_cannot_be_reached(
    new_entry: Callable[..., CatalogueEntry], new_job: Callable[..., Job]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    hub = Hub(f"http://127.0.0.1:{port}", wait_s=20.0)
    with pytest.raises(DownloadError, match="could not be reached"):
        hub.fetch(new_entry(b""), new_job())


def test_a_silent_hub_is_not_waited_for_long(
    new_entry: Callable[..., CatalogueEntry], new_job: Callable[..., Job]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hub = Hub(f"http://127.0.0.1:{server.getsockname()[1]}", wait_s=0.2)
        with pytest.raises(DownloadError, match=r"did not answer within|could not be reached"):
            hub.fetch(new_entry(b""), new_job())


def test_named_files_of_a_folder_come_and_no_others(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    hub = new_hub(FOLDER_FILES)
    wanted = tuple(CatalogueFile(name) for name in ("pytorch_model.bin", "tokenizer.json"))
    entry = new_entry(b"", hub_filename=None, download_bytes=None, sha256=None, files=wanted)
    folder = fetch(hub, entry)
    assert {path.name for path in folder.iterdir()} == {"pytorch_model.bin", "tokenizer.json"}


def test_a_file_in_a_folder_of_its_own_comes_into_one(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    wanted = (CatalogueFile("1_Pooling/settings.json"),)
    hub = new_hub({"1_Pooling/settings.json": b"[]", "settings.json": b"[]"})
    entry = new_entry(b"", hub_filename=None, download_bytes=None, sha256=None, files=wanted)
    assert (fetch(hub, entry) / "1_Pooling" / "settings.json").read_bytes() == b"[]"


def test_a_folder_that_lacks_a_named_file_is_refused(
    new_hub: Callable[..., FakeHub],
    new_entry: Callable[..., CatalogueEntry],
    fetch: Callable[..., Path],
) -> None:
    wanted = (CatalogueFile("vocab.json"),)
    entry = new_entry(b"", hub_filename=None, download_bytes=None, sha256=None, files=wanted)
    with pytest.raises(DownloadError, match=r"lacks vocab\.json \(found: nothing of use\)"):
        fetch(new_hub(FOLDER_FILES), entry)
