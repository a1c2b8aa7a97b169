"""The contract of a place that files can be downloaded from."""

from pathlib import Path
from typing import Protocol

from engine.weights.catalogue import CatalogueEntry
from engine.weights.job import Job


class Source(Protocol):
    """Gives the files of a model. What it has downloaded when it is stopped, it keeps."""

    @property
    def name(self) -> str:
        """How users are told about it, such as `hub`."""
        ...

    def offers(self, entry: CatalogueEntry) -> bool:
        """Tell, without asking anybody, whether this place may have the model."""
        ...

    def fetch(self, entry: CatalogueEntry, job: Job) -> Path:
        """Download a model into `job.folder`; return its GGUF file or its folder.

        The result is complete but not yet proved: the store compares size and hash.

        Raises:
            DownloadError: If this place cannot be reached or does not have it.
            ModelFileError: If what came is damaged; it is deleted before.
            DiskSpaceError: If it would not fit.
        """
        ...
