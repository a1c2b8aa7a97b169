"""Recordings of somebody typing: where they are, and what language they are in."""

import os
from pathlib import Path

from warmline.errors import UsageError
from warmline.languages import language_of

SHARED_RECORDING = Path("editing_traces") / "rustcode.json.gz"
_SHARED_LANGUAGE = "rust"


def recording_path(file: Path | None) -> Path:
    """Return the recording that was named, or the shared one.

    Raises:
        UsageError: If there is none.
    """
    if file is not None:
        return file
    folder = os.environ.get("WARMLINE_DATA")
    if not folder:
        raise UsageError(
            "there is no recording to play: WARMLINE_DATA names no folder with the shared data;"
            " set it, or name a recording with --file"
        )
    return Path(folder) / SHARED_RECORDING


def recording_language(path: Path, chosen: str | None) -> str:
    """Return what was chosen, or what the shared recording is known to be, or what a name says."""
    if chosen:
        return chosen
    is_shared = path.name == SHARED_RECORDING.name
    return _SHARED_LANGUAGE if is_shared else language_of(Path(path.name.split(".json")[0]))
