"""What every step of getting a model is given."""

from dataclasses import dataclass
from pathlib import Path

from engine.weights.disk import FreeBytes, require_space
from engine.weights.progress import Progress, ProgressReport


@dataclass(frozen=True, slots=True)
class Job:
    """Work on one model: `folder` is its own, kept until the model is complete.

    `title` is how messages call the model.
    """

    title: str
    folder: Path
    progress: Progress
    measure: FreeBytes

    def report(self, step: str, done: int, total: int | None, message: str) -> None:
        """Tell how far the work is, in bytes."""
        self.progress(ProgressReport(step, done, total, message))

    def require_space(self, needed_bytes: int, purpose: str) -> None:
        """Raise `DiskSpaceError` unless that much is free."""
        require_space(needed_bytes, self.folder, purpose, self.measure)
