"""A service of a tiny model with real tensors, in a process of its own.

Run as a script: FOLDER MODEL_FOLDER IDLE_EXIT_S. It syncs and refreshes, but writes nothing.
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.model.loader import load_model
from engine.protocol.endpoint import Transport, endpoint_for
from engine.service.host import LoadProgress
from engine.service.run import serve_in_foreground
from engine.service.snapshots import snapshots_for
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings
from tests.unit.engine.doubles import decode


def load(model_folder: Path, _: LoadProgress) -> LoadedModel:
    settings = EngineSettings(
        device="cpu", storage_type="float32", decode_weights="full", threads=1
    )
    model = load_model(model_folder, "tiny", settings)
    return LoadedModel(model, decode, snapshots=snapshots_for(model, settings))  # type: ignore[arg-type]


def main() -> int:
    folder, model_folder, idle_exit_s = sys.argv[1:]
    return serve_in_foreground(
        lambda: endpoint_for("tiny", Path(folder), Transport.UNIX),
        partial(load, Path(model_folder)),
        cache_budget_bytes=10_000_000,
        idle_exit_s=float(idle_exit_s),
    )


if __name__ == "__main__":
    sys.exit(main())
