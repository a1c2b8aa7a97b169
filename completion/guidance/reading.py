"""Reading documents ahead without keeping anything else from being done."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from completion.guidance.failing import Failures


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document that is being read, and what is to be done then."""

    steps: Iterator[None]
    then: Callable[[], None]


class ReadingAhead:
    """Reads one document at a time, a step in each round of the event loop, the newest first.

    Args:
        failures: Told where reading fails.
    """

    def __init__(self, failures: Failures) -> None:
        self._failures = failures
        self._readings: dict[str, _Reading] = {}
        self._worker: asyncio.Task[None] | None = None

    def begin(self, name: str, steps: Iterator[None], then: Callable[[], None]) -> None:
        """Read a document, not what was begun of it before; at once if one step is enough.

        Args:
            name: Of the document.
            steps: Takes a step whenever it is asked for the next one.
            then: Done after the last step, unless reading fails or is dropped.
        """
        self.drop(name)
        reading = _Reading(steps, then)
        if self._is_over(reading):
            return
        self._readings[name] = reading
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="reading ahead")

    def drop(self, name: str) -> None:
        """Read no more of a document."""
        self._readings.pop(name, None)

    async def aclose(self) -> None:
        """Read nothing more."""
        self._readings.clear()
        if self._worker is not None:
            await self._worker

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(0)
            if not self._readings:
                return
            name, reading = self._readings.popitem()
            if not self._is_over(reading):
                self._readings[name] = reading

    def _is_over(self, reading: _Reading) -> bool:
        """Take a step; if it was the last one, do what comes then."""
        try:
            next(reading.steps)
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 -- it reads whatever a user's code contains
            self._failures.tell(error)
            return True
        else:
            return False
        reading.then()
        return True
