"""What tests of several rooms share: real weights, data sets, the command, engines of our own."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock, Timeout

from engine.settings import DEFAULT_MODEL
from engine.weights.store import ModelStore

ENGINE_END_TIMEOUT_S = 20.0

hypothesis.settings.register_profile("untimed", deadline=None)  # machines have bad moments
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def runtime_directory() -> Iterator[Path]:
    """Keep every engine of this test session away from the user's own, and end it at last.

    Processes that tests start inherit the folder through the environment.
    """
    # Not pytest's own folder: the path of a Unix socket may have only 103 bytes.
    with tempfile.TemporaryDirectory(prefix="wl-", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WARMLINE_RUNTIME_DIR", folder)
            patch.setenv("XDG_STATE_HOME", folder)  # for their logs, where that counts
            patch.setenv("WARMLINE_SNAPSHOT_DIR", f"{folder}/snapshots")
            patch.setenv("WARMLINE_INDEX_DIR", f"{folder}/indexes")
            yield Path(folder)
        for card in Path(folder).glob("*.card"):
            _end_engine(card)


@pytest.fixture(scope="session")
def default_model_directory() -> Path:
    """Where the real weights are."""
    directory = ModelStore().locate(DEFAULT_MODEL)
    if directory is None:
        pytest.skip(f"no weights here: get them with `warmline models pull {DEFAULT_MODEL}`")
    return directory


@pytest.fixture(scope="session")
def warmline_data() -> Path:
    """Where the shared data sets are."""
    folder = os.environ.get("WARMLINE_DATA")
    if not folder:
        pytest.skip("no data sets here: WARMLINE_DATA names no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def warmline_command() -> Path:
    """Return the installed command, which users and editors start."""
    command = Path(sys.executable).with_name("warmline")
    if not command.exists():
        pytest.skip(f"the command is not installed at {command}: run `make setup`")
    return command


def _end_engine(card: Path) -> None:
    """Ask an engine to leave and wait until it has; by force when it does not."""
    pid = json.loads(card.read_text(encoding="utf-8"))["pid"]
    try:
        os.kill(pid, signal.SIGTERM)
        # The engine holds this lock as long as it lives.
        with FileLock(card.with_suffix(".lock")).acquire(timeout=ENGINE_END_TIMEOUT_S):
            pass
    except ProcessLookupError:
        pass
    except Timeout:
        os.kill(pid, signal.SIGKILL)
