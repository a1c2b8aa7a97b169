"""A model with known behaviour and no tensors, whose passes a test can hold and watch.

It writes the numbers after the prompt's last token: after [5, 6] come 7, 8, 9, each as the
text "7 ", "8 ", "9 ". A cache costs 10 bytes a token.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.encoding.base import Batch
from engine.errors import ModelNotFoundError
from engine.protocol.messages import (
    CacheRun,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    ModelDescription,
    Piece,
    SyncReport,
    TokenRange,
)
from engine.service.host import LoadProgress
from engine.service.steps import LoadedModel
from engine.tokens import TokenArray
from engine.types import Checkpoint

SLICE_TOKENS = 4
NUM_LAYERS = 3
BYTES_PER_TOKEN = 10
WAIT_S = 10.0
DESCRIPTION = ModelDescription(
    name="double",
    model_type="double",
    directory="/nowhere",
    context_tokens=200,
    vocabulary_size=1000,
    storage_type="float32",
    device="cpu",
    can_rotate=True,
    rotation_note="",
)


class Gate:
    """Holds the worker at one point, until opened."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        """Arrive, and wait to be let through."""
        self._arrived.set()
        assert self._opened.wait(WAIT_S), "nobody opened the gate"

    def wait_for_arrival(self) -> None:
        assert self._arrived.wait(WAIT_S), "nobody came to the gate"

    def open(self) -> None:
        self._opened.set()


class ModelDouble:
    """Takes note of every pass as "sync", "refresh" or "decode"; `on_layer` may hold it."""

    description = DESCRIPTION

    def __init__(self) -> None:
        self.passes: list[str] = []
        self.written: list[int] = []
        self.requests: list[GenerationRequest] = []  # that were decoded
        self.copies = 0
        self.read_ahead: list[tuple[int, ...]] = []
        self.chunks: list[tuple[TokenRange, ...]] = []  # named at each sync
        self.on_layer: Callable[[str, int], None] = lambda _kind, _layer: None

    def new_cache(self) -> "CacheDouble":
        return CacheDouble(self)

    @property
    def is_packed(self) -> bool:
        return False

    chunk_bytes = 33  # as if chunks were kept

    @property
    def copied_bytes(self) -> int:
        return 0

    def read_chunks(
        self, tokens: TokenArray, chunks: Sequence[TokenRange], checkpoint: Checkpoint
    ) -> Generator[None, None, None]:
        for place in chunks:
            chunk = tuple(tokens[place.start : place.stop].tolist())
            if chunk not in self.read_ahead:
                self.run_pass("ahead", checkpoint)
                self.read_ahead.append(chunk)
                yield

    def bytes_for(self, num_tokens: int) -> int:
        return num_tokens * BYTES_PER_TOKEN

    def run_pass(self, kind: str, checkpoint: Checkpoint) -> None:
        for layer in range(NUM_LAYERS):
            self.on_layer(kind, layer)
            checkpoint()
        self.passes.append(kind)

    def hold(self, kind: str) -> Gate:
        """Hold the next pass of `kind` in its middle layer."""
        gate = Gate()

        def on_layer(running: str, layer: int) -> None:
            if running == kind and layer == 1:
                self.on_layer = lambda _kind, _layer: None
                gate.pass_through()

        self.on_layer = on_layer
        return gate


class CacheDouble:
    """Keeps the common prefix and encodes the rest, slice by slice; refreshes all else."""

    def __init__(self, model: ModelDouble) -> None:
        self.model = model
        self.tokens: TokenArray = np.zeros(0, np.int32)
        self.exact_prefix = 0
        self.last_sync: SyncReport | None = None

    @property
    def num_bytes(self) -> int:
        return len(self.tokens) * BYTES_PER_TOKEN

    def sync(
        self,
        tokens: TokenArray,
        cursor: int,
        checkpoint: Checkpoint,
        chunks: Sequence[TokenRange] = (),
    ) -> Generator[None, None, SyncReport]:
        self.model.chunks.append(tuple(chunks))
        del cursor
        kept = 0
        while kept < min(len(tokens), len(self.tokens)) and tokens[kept] == self.tokens[kept]:
            kept += 1
        for start in range(kept, len(tokens), SLICE_TOKENS):
            self.model.run_pass("sync", checkpoint)
            self.tokens = tokens[: start + SLICE_TOKENS]
            yield
        self.tokens = tokens
        self.exact_prefix = min(self.exact_prefix, kept)
        encoded = len(tokens) - kept
        self.last_sync = SyncReport(len(tokens), kept, 0, encoded, self.exact_prefix, 0.0)
        return self.last_sync

    def refresh(self, checkpoint: Checkpoint) -> Generator[int, None, None]:
        while self.exact_prefix < len(self.tokens):
            self.model.run_pass("refresh", checkpoint)
            self.exact_prefix = min(self.exact_prefix + SLICE_TOKENS, len(self.tokens))
            yield SLICE_TOKENS

    def runs(self) -> tuple[CacheRun, ...]:
        return (CacheRun(0, len(self.tokens), "encoded", self.exact_prefix == len(self.tokens)),)

    def copy(self) -> "CacheDouble":
        self.model.copies += 1
        copy = CacheDouble(self.model)
        copy.tokens, copy.exact_prefix = self.tokens, self.exact_prefix
        return copy


class EncoderDouble:
    """Encodes two texts at a time, as the direction from their length to their last letter.

    Takes note of the batches it has done; those that were left in the middle are not among them.
    """

    size = 2

    def __init__(self, num_bytes: int = 10) -> None:
        self.num_bytes = num_bytes
        self.done: list[tuple[int, ...]] = []
        self.on_layer: Callable[[int], None] = lambda _layer: None

    def batches(self, texts: Sequence[str], *, keeps_end: bool) -> tuple[Batch, ...]:
        ends = [ord(text[-1 if keeps_end else 0]) for text in texts]
        tokens = [[len(text), end] for text, end in zip(texts, ends, strict=True)]
        return tuple(
            Batch(places, tuple(tokens[place] for place in places))
            for places in _pairs(len(tokens))
        )

    def encode_batch(self, batch: Batch, checkpoint: Checkpoint) -> NDArray[np.float32]:
        for layer in range(NUM_LAYERS):
            self.on_layer(layer)
            checkpoint()
        self.done.append(batch.places)
        vectors = np.array(batch.tokens, np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def hold(self) -> Gate:
        """Hold the next batch in its middle layer."""
        gate = Gate()

        def on_layer(layer: int) -> None:
            if layer == 1:
                self.on_layer = lambda _layer: None
                gate.pass_through()

        self.on_layer = on_layer
        return gate


def _pairs(number: int) -> list[tuple[int, ...]]:
    return [tuple(range(start, min(start + 2, number))) for start in range(0, number, 2)]


def encoder_loader(**encoders: EncoderDouble) -> Callable[[str], EncoderDouble]:
    """Return a loader that knows these by name, and no others."""

    def load(name: str) -> EncoderDouble:
        if name not in encoders:
            raise ModelNotFoundError(f"There is no encoder {name!r}.")
        return encoders[name]

    return load


def vector_of(text: str, *, keeps_end: bool = False) -> list[float]:
    """Return what the double makes of a text."""
    vector = np.array([len(text), ord(text[-1 if keeps_end else 0])], np.float32)
    return list((vector / np.linalg.norm(vector)).tolist())


def decode(
    cache: CacheDouble, request: GenerationRequest, checkpoint: Checkpoint
) -> Generator[tuple[GenerationEvent, ...], None, None]:
    """Count on from the last token, the same for every candidate."""
    cache.model.requests.append(request)
    for step in range(1, request.max_tokens + 1):
        cache.model.run_pass("decode", checkpoint)
        token = int(cache.tokens[-1]) + step
        cache.model.written.append(token)
        text = f"{token} ".encode()
        yield tuple(Piece(c, (token,), text, -0.5) for c in range(request.num_candidates))
    yield tuple(Finished(c, FinishReason.LENGTH) for c in range(request.num_candidates))


def loaded(model: ModelDouble, notes: tuple[str, ...] = ()) -> LoadedModel:
    return LoadedModel(model, decode, notes)  # type: ignore[arg-type]


def load(model: ModelDouble, progress: LoadProgress) -> LoadedModel:
    progress(0.5, "The double is being loaded.")
    model.on_layer("load", 1)
    return loaded(model)


def loader(model: ModelDouble) -> Callable[[LoadProgress], LoadedModel]:
    return partial(load, model)


def request_for(tokens: Sequence[int], document: str = "a.py", **more: int) -> GenerationRequest:
    options = {"cursor": len(tokens), "max_tokens": 3, **more}
    return GenerationRequest(document, tokens, **options)


def expected_text(tokens: Sequence[int], num_tokens: int = 3) -> bytes:
    return b"".join(f"{tokens[-1] + step} ".encode() for step in range(1, num_tokens + 1))
