"""What happened, kept as it happens, one JSON object a line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from evaluation.bench.endurance.session import Record, Tell
from evaluation.errors import OtherConditionsError


@contextmanager
def kept_in(path: Path | None) -> Iterator[Tell]:
    """Write what is told into a file, so that it outlives this process; None keeps nothing.

    Raises:
        OtherConditionsError: If the file is there: no run can go on with another one's memory.
    """
    if path is None:
        yield lambda _, __: None
        return
    if path.exists():
        raise OtherConditionsError(
            f"{path} holds what an earlier run saw, and no run can be gone on with; name another"
            " folder"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", buffering=1) as file:  # by lines

        def tell(window: int, record: Record) -> None:
            line = {"what": type(record).__name__.lower(), "window": window, **asdict(record)}
            file.write(json.dumps(line) + "\n")

        yield tell
