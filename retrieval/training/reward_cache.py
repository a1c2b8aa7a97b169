"""Losses that were paid for once, kept for all rounds and all later trainings.

The file grows by whole lines. A process that was killed leaves at most half a line at the end,
which is skipped, so nothing is ever repaired or lost, and two trainings may share a file.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from retrieval.training.types import Context, RewardModel, Sample

_KEY_CHARACTERS = 24  # of a digest in hexadecimal: 96 bits


class CachedRewards:
    """A `RewardModel` that asks another one only for what it has not been asked before.

    Args:
        model: Asked for what is missing.
        file: Where losses are kept; one file may serve several models.

    Attributes:
        num_computed: Losses that the model was asked for since this began.
    """

    def __init__(self, model: RewardModel, file: Path) -> None:
        self.identity = model.identity
        self.num_computed = 0
        self._model = model
        self._file = file
        self._losses: dict[str, float] = dict(_read(file))

    def known(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float | None, ...]:
        """Return the losses that need no asking."""
        return tuple(self._losses.get(key) for key in self._keys(sample, contexts))

    def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
        """See `RewardModel.losses`."""
        keys = self._keys(sample, contexts)
        missing = {
            key: context
            for key, context in zip(keys, contexts, strict=True)
            if key not in self._losses
        }
        if missing:
            losses = self._model.losses(sample, tuple(missing.values()))
            self._keep(dict(zip(missing, losses, strict=True)))
        return tuple(self._losses[key] for key in keys)

    def _keep(self, losses: Mapping[str, float]) -> None:
        """Write first: what is not on the disk was never known."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(losses) + "\n"
        with self._file.open("ab") as output:
            if output.tell() and not _ends_in_line(self._file):
                line = "\n" + line
            output.write(line.encode())
        self._losses.update(losses)
        self.num_computed += len(losses)

    def _keys(self, sample: Sample, contexts: Sequence[Context]) -> list[str]:
        place = sample.place
        of_sample = hashlib.sha256(self.identity.encode())
        for part in (sample.repository, place.path, place.text, str(place.offset), sample.truth):
            _add(of_sample, part)
        keys = []
        for context in contexts:
            digest = of_sample.copy()
            for part in (context.path, context.text) if context else ():
                _add(digest, part)
            keys.append(digest.hexdigest()[:_KEY_CHARACTERS])
        return keys


def _add(digest: "hashlib._Hash", part: str) -> None:
    """Add a text so that no two sequences of texts come to the same bytes."""
    content = part.encode("utf-8", "surrogatepass")
    digest.update(len(content).to_bytes(8, "big"))
    digest.update(content)


def _read(file: Path) -> Iterator[tuple[str, float]]:
    if not file.is_file():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                entry: dict[str, float] = json.loads(line)
            except ValueError:
                continue  # half a line, of a process that was killed
            yield from entry.items()


def _ends_in_line(file: Path) -> bool:
    with file.open("rb") as content:
        content.seek(-1, 2)
        return content.read(1) == b"\n"
