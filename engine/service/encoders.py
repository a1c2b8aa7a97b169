"""Text encoders beside the model: loaded when first asked for, and let go when nobody asks."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.encoding.base import TextEncoder
from engine.errors import EngineUnavailableError, UnsupportedModelError
from engine.protocol.messages import Encoding, EncodingRequest
from engine.service.dispatcher import Dispatcher
from engine.service.requests import check_encoding
from engine.service.worker import Priority
from engine.types import Checkpoint
from engine.weights.disk import in_words

LoadEncoder = Callable[[str], TextEncoder]

_LOG = logging.getLogger(__name__)


def no_encoders(name: str) -> TextEncoder:
    """Refuse every encoder; for an engine without any."""
    raise UnsupportedModelError(f"This engine has no text encoders; {name!r} was asked for.")


@dataclass(frozen=True, slots=True)
class EncoderLimits:
    """How encoders are got, and what they may take.

    Attributes:
        load: Gets an encoder by name or folder. Runs on the worker's thread.
        budget_bytes: Memory for the weights of all encoders together.
        idle_s: How long one stays in memory that nobody asks.
    """

    load: LoadEncoder = no_encoders
    budget_bytes: int = 512 * 2**20
    idle_s: float = 600.0


NO_ENCODERS = EncoderLimits()


class Encoders:
    """Answers requests for vectors. Used by the event loop; encoders live on the worker's thread.

    Args:
        dispatcher: Runs the work.
        limits: Of what encoders may take.
    """

    def __init__(self, dispatcher: Dispatcher, limits: EncoderLimits) -> None:
        self._dispatcher = dispatcher
        self._limits = limits
        self._shelf = _Shelf(limits)
        self._unloading: asyncio.TimerHandle | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The encoders in memory, the one used last at the end."""
        return self._shelf.summary[0]

    @property
    def num_bytes(self) -> int:
        """Memory of their weights."""
        return self._shelf.summary[1]

    async def encode(self, request: EncodingRequest) -> Encoding:
        """See `EngineClient.encode`; cancelling it ends the work."""
        check_encoding(request)
        answer: asyncio.Future[Encoding] = asyncio.get_running_loop().create_future()
        steps = _EncodingSteps(self._shelf, request)
        job = self._dispatcher.submit(
            object(),  # nothing takes the place of anything: all texts are wanted
            Priority.ENCODE,
            steps,
            partial(_take, answer),
            partial(_end, answer),
        )
        try:
            return await answer
        finally:
            self._dispatcher.cancel(job)
            self._unload_later()

    def stop(self) -> None:
        """Let nothing happen later any more."""
        if self._unloading is not None:
            self._unloading.cancel()
            self._unloading = None

    def _unload_later(self) -> None:
        self.stop()
        loop = asyncio.get_running_loop()
        self._unloading = loop.call_later(self._limits.idle_s, self._unload)

    def _unload(self) -> None:
        with suppress(EngineUnavailableError):  # the engine is stopping, and lets all go
            self._dispatcher.post(self._shelf.clear)


class _Shelf:
    """The encoders in memory. For the worker's thread, except `summary`."""

    def __init__(self, limits: EncoderLimits) -> None:
        self.summary: tuple[tuple[str, ...], int] = ((), 0)
        self._limits = limits
        self._encoders: OrderedDict[str, TextEncoder] = (
            OrderedDict()
        )  # the one used last at the end

    def get(self, name: str) -> TextEncoder:
        """Return an encoder, loaded if need be; those used least recently make room for it.

        Raises:
            ModelError: If it is not here, of no use, or larger than all may be together.
        """
        if name not in self._encoders:
            self._encoders[name] = self._load(name)
        self._encoders.move_to_end(name)
        while self._num_bytes() > self._limits.budget_bytes:
            left, _ = self._encoders.popitem(last=False)
            _LOG.info("The text encoder %s makes room for %s.", left, name)
        self._summarise()
        return self._encoders[name]

    def clear(self) -> None:
        """Let all go."""
        _LOG.info("Text encoders leave, nobody asked them: %s", ", ".join(self._encoders))
        self._encoders.clear()
        self._summarise()

    def _load(self, name: str) -> TextEncoder:
        encoder = self._limits.load(name)
        if encoder.num_bytes > self._limits.budget_bytes:
            raise UnsupportedModelError(
                f"The text encoder {name} takes {in_words(encoder.num_bytes)} and all together may"
                f" take {in_words(self._limits.budget_bytes)}; raise `encoder_budget_mb`."
            )
        _LOG.info("The text encoder %s is loaded (%s).", name, in_words(encoder.num_bytes))
        return encoder

    def _num_bytes(self) -> int:
        return sum(encoder.num_bytes for encoder in self._encoders.values())

    def _summarise(self) -> None:
        self.summary = (tuple(self._encoders), self._num_bytes())


class _EncodingSteps:
    """Encodes batch by batch. Begun anew after more urgent work, it goes on where it was."""

    def __init__(self, shelf: _Shelf, request: EncodingRequest) -> None:
        self._shelf = shelf
        self._request = request
        self._vectors: list[tuple[tuple[int, ...], np.ndarray]] = []

    def __call__(self, checkpoint: Checkpoint) -> Generator[Encoding | None, None, None]:
        """Yield nothing after each batch, then the answer."""
        texts = self._request.texts
        encoder = self._shelf.get(self._request.encoder)
        batches = encoder.batches(texts, keeps_end=self._request.keeps_end)
        for batch in batches[len(self._vectors) :]:
            self._vectors.append((batch.places, encoder.encode_batch(batch, checkpoint)))
            yield None
        vectors = np.zeros((len(texts), encoder.size), np.dtype("<f4"))
        for places, encoded in self._vectors:
            vectors[list(places)] = encoded
        yield Encoding(encoder.size, vectors.tobytes())


def _take(answer: asyncio.Future[Encoding], step: Encoding | None) -> None:
    if step is not None and not answer.done():
        answer.set_result(step)


def _end(answer: asyncio.Future[Encoding], error: Exception | None) -> None:
    if error is not None and not answer.done():
        answer.set_exception(error)
