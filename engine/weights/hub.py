"""Downloads from a model hub, over plain HTTP and with resume."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import GatedRepoError
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # documented

from engine.errors import DownloadError, ModelFileError
from engine.weights.catalogue import CatalogueEntry
from engine.weights.hashes import sha256_of
from engine.weights.job import Job
from engine.weights.progress import Step

_Answer = TypeVar("_Answer")
_SHA256_DIGITS = 64
_WANTED = (
    "config.json",
    "generation_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
_ESSENTIAL = ["tokenizer.json", "safetensors"]


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file as the hub lists it. `version` changes when its content does."""

    name: str
    url: str
    version: str
    num_bytes: int | None
    sha256: str | None


class Hub:
    """The model hub. Without `endpoint` it is the one `huggingface_hub` is configured for."""

    name = "hub"

    def __init__(self, endpoint: str | None = None, *, wait_s: float = 5.0) -> None:
        self._endpoint = endpoint
        self._wait_s = wait_s

    def offers(self, _entry: CatalogueEntry) -> bool:
        """Every entry of the catalogue names its hub repository."""
        return True

    def fetch(self, entry: CatalogueEntry, job: Job) -> Path:
        """See `Source.fetch`. A hub that says nothing for `wait_s` counts as unreachable."""
        job.report(Step.CONNECT, 0, None, f"Asking the hub for {job.title}")
        try:
            if entry.hub_filename is not None:
                return self._fetch_file(entry, entry.hub_filename, job)
            return self._fetch_folder(entry, job)
        except GatedRepoError as error:
            raise DownloadError(
                f"the hub gives {entry.hub_repository} only to users who accepted its licence:"
                " accept it on the model's page, run `hf auth login`, and pull again"
            ) from error
        except httpx2.TransportError as error:
            raise DownloadError(f"the hub could not be reached ({_first_line(error)})") from error
        except httpx2.HTTPError as error:
            raise DownloadError(f"the hub failed ({_first_line(error)})") from error
        except OSError as error:
            if error.errno is not None:
                raise  # the disk's trouble, not the hub's
            raise DownloadError(f"the hub failed ({_first_line(error)})") from error

    def _fetch_file(self, entry: CatalogueEntry, filename: str, job: Job) -> Path:
        file = within(self._wait_s, lambda: self._look_up(entry.hub_repository, filename))
        if file.sha256 is not None and entry.sha256 not in (None, file.sha256):
            raise DownloadError(f"the hub has another version of {filename} now")
        target = job.folder / "fetched.gguf"
        _download([file], [target], f"Downloading {job.title} from the hub", job)
        return target

    def _fetch_folder(self, entry: CatalogueEntry, job: Job) -> Path:
        files = within(self._wait_s, lambda: self._list(entry))
        _require_complete(entry, {file.name for file in files})
        folder = job.folder / "fetched"
        folder.mkdir(exist_ok=True)
        job.require_space(sum(file.num_bytes or 0 for file in files), f"Downloading {job.title}")
        targets = [folder / file.name for file in files]
        for target in targets:
            target.parent.mkdir(exist_ok=True)
        _download(files, targets, f"Downloading {job.title} from the hub", job)
        for file, target in zip(files, targets, strict=True):
            _prove(file, target, job)
        return folder

    def _look_up(self, repository: str, filename: str) -> HubFile:
        url = hf_hub_url(repository, filename, endpoint=self._endpoint)
        found = get_hf_file_metadata(url, timeout=self._wait_s, endpoint=self._endpoint)
        version = found.etag or found.commit_hash or "unknown"
        sha256 = version if len(version) == _SHA256_DIGITS else None
        return HubFile(filename, url, version, found.size, sha256)

    def _list(self, entry: CatalogueEntry) -> list[HubFile]:
        """List what is wanted of a repository, all of one commit."""
        repository = entry.hub_repository
        info = HfApi(endpoint=self._endpoint).model_info(
            repository, timeout=self._wait_s, files_metadata=True
        )
        return [
            HubFile(
                name=file.rfilename,
                url=hf_hub_url(
                    repository, file.rfilename, revision=info.sha, endpoint=self._endpoint
                ),
                version=(file.lfs.sha256 if file.lfs else file.blob_id) or "unknown",
                num_bytes=file.size,
                sha256=file.lfs.sha256 if file.lfs else None,
            )
            for file in info.siblings or []
            if _is_wanted(file.rfilename, entry)
        ]


def _is_wanted(filename: str, entry: CatalogueEntry) -> bool:
    if entry.files:
        return any(filename == file.name for file in entry.files)
    return "/" not in filename and any(fnmatch(filename, wanted) for wanted in _WANTED)


def _require_complete(entry: CatalogueEntry, found: set[str]) -> None:
    """Raise `DownloadError` if a repository lacks what makes it a model."""
    if entry.files:
        missing = [file.name for file in entry.files if file.name not in found]
    else:
        has_weights = any(name.endswith(".safetensors") for name in found)
        missing = [] if has_weights and "tokenizer.json" in found else _ESSENTIAL
    if missing:
        raise DownloadError(
            f"the hub's {entry.hub_repository} lacks {' or '.join(missing)}"
            f" (found: {', '.join(sorted(found)) or 'nothing of use'})"
        )


def within(wait_s: float, call: Callable[[], _Answer]) -> _Answer:
    """Return what `call` returns if it does so in time; name look-ups have no bound themselves.

    Raises:
        DownloadError: If it takes longer. The call goes on in a thread that nobody waits for.
    """
    answer: Future[_Answer] = Future()

    def ask() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised again by result()
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(timeout=wait_s)
    except TimeoutError as error:
        raise DownloadError(f"the hub did not answer within {wait_s:.0f} seconds") from error


def _download(files: list[HubFile], targets: list[Path], message: str, job: Job) -> None:
    sizes = [file.num_bytes for file in files]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    before = 0
    for file, target in zip(files, targets, strict=True):
        partial = _partial(target, file.version)
        if not target.exists():
            _resume(file, partial, _relay(job, before, total, message))
            partial.replace(target)
        before += target.stat().st_size


def _partial(target: Path, version: str) -> Path:
    """Name the unfinished file after its version, so that two versions never mix."""
    tag = "".join(letter for letter in version if letter.isalnum())[:16]
    return target.with_name(f"{target.name}.{tag}.partial")


def _resume(file: HubFile, partial: Path, progress_bar: Any) -> None:
    if file.num_bytes is not None and partial.is_file() and partial.stat().st_size > file.num_bytes:
        partial.unlink()
    with partial.open("ab") as output:
        http_get(
            file.url,
            output,
            resume_size=output.tell(),
            headers=build_hf_headers(),
            expected_size=file.num_bytes,
            displayed_filename=file.name,
            tqdm_class=progress_bar,
        )


def _relay(job: Job, before: int, total: int | None, message: str) -> Any:
    """Return the class of progress bars that the hub's library wants; these report to `job`."""

    class Relay:
        def __init__(self, *_: Any, initial: int = 0, **__: Any) -> None:
            self._done = before + initial

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, num_bytes: int) -> None:
            self._done += num_bytes
            job.report(Step.DOWNLOAD, self._done, total, message)

    return Relay


def _prove(file: HubFile, target: Path, job: Job) -> None:
    if file.sha256 is None or (found := sha256_of(target, file.name, job.progress)) == file.sha256:
        return
    target.unlink()
    raise ModelFileError(
        f"{file.name} arrived damaged (sha256 {found}, wanted {file.sha256}) and was deleted;"
        " pull again."
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
