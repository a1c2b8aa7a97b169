"""What a store holds, looked at from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.weights.disk import size_on_disk
from engine.weights.location import StoreLayout
from engine.weights.model_folder import Origin, find_problem, read_origin

Check = Callable[[Path], str | None]
"""Says what keeps a folder from being loaded; None if nothing does."""


class ModelState(StrEnum):
    """What there is of a model. A damaged one is made again by the next pull."""

    READY = "ready"
    PARTIAL = "partial"
    DAMAGED = "damaged"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model of a store. `path` is None if nothing of it is here.

    `bytes_on_disk` counts unfinished work too.
    """

    name: str
    state: ModelState
    bytes_on_disk: int
    path: Path | None
    origin: Origin | None


def is_ready(folder: Path, check: Check = find_problem) -> bool:
    """Tell whether a folder of the store is complete and of this version's format."""
    return check(folder) is None and read_origin(folder) is not None


def survey(
    layout: StoreLayout, known_names: list[str], check: Check = find_problem
) -> list[ModelStatus]:
    """Return the status of all known names, in their order, then of whatever else is there."""
    others = [name for name in layout.stored_names() if name not in known_names]
    found = [status for status in (_status(layout, name, check) for name in others) if status.path]
    return [*(_status(layout, name, check) for name in known_names), *found]


def _status(layout: StoreLayout, name: str, check: Check) -> ModelStatus:
    model, partial = layout.model(name), layout.partial(name)
    size = size_on_disk(model) + size_on_disk(partial)
    if is_ready(model, check):
        return ModelStatus(name, ModelState.READY, size, model, read_origin(model))
    if model.is_dir():
        return ModelStatus(name, ModelState.DAMAGED, size, model, None)
    if size > 0:
        return ModelStatus(name, ModelState.PARTIAL, size, partial, read_origin(partial))
    return ModelStatus(name, ModelState.ABSENT, 0, None, None)
