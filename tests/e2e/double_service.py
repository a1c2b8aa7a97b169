"""A service of the model double in a process of its own, which can be told to stall.

Run as a script: FOLDER TRANSPORT IDLE_EXIT_S. Where the file FOLDER/stall-decode-1 exists, the
process's decoding pass number 1, counted from 0, removes it and then never ends by itself;
likewise for sync. While the file FOLDER/hold-load exists, loading does not end.
"""

import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.protocol.endpoint import Transport, endpoint_for
from engine.service.host import LoadProgress
from engine.service.run import serve_in_foreground
from engine.service.steps import LoadedModel
from engine.types import Checkpoint
from tests.unit.engine.doubles import ModelDouble, loaded

STALL_S = 60.0


class StallingModel(ModelDouble):
    """Stalls where the folder says so, but still heeds its checkpoint."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run_pass(self, kind: str, checkpoint: Checkpoint) -> None:
        order = self.folder / f"stall-{kind}-{self.passes.count(kind)}"
        if order.exists():
            order.unlink()
            end_s = time.monotonic() + STALL_S
            while time.monotonic() < end_s:
                checkpoint()
                time.sleep(0.01)
        super().run_pass(kind, checkpoint)


def load(folder: Path, progress: LoadProgress) -> LoadedModel:
    end_s = time.monotonic() + STALL_S
    while (folder / "hold-load").exists() and time.monotonic() < end_s:
        progress(0.5, "The double is held.")
        time.sleep(0.01)
    return loaded(StallingModel(folder))


def main() -> int:
    folder, transport, idle_exit_s = Path(sys.argv[1]), Transport(sys.argv[2]), float(sys.argv[3])
    return serve_in_foreground(
        lambda: endpoint_for("double", folder, transport),
        partial(load, folder),
        cache_budget_bytes=1000,
        idle_exit_s=idle_exit_s,
    )


if __name__ == "__main__":
    sys.exit(main())
