"""A transformer run by the engine, for threads of a process that has no torch."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError

import numpy as np

from engine.client.base import EngineClient
from engine.errors import EngineError
from engine.protocol.messages import MAX_ENCODED_TEXTS, Encoding, EncodingRequest
from retrieval.errors import EncoderError
from retrieval.types import Chunk, Vectors
from warmline.encoders.texts import ends_of, texts_of

WAIT_S = 10.0
"""For the answer to one request. Whoever waits for the retriever gives up sooner; what is finished
later is kept for the next time."""


class RemoteEncoder:
    """An `Encoder` that asks the engine. To be called from any thread but the event loop's.

    Args:
        engine: The session to use.
        loop: The event loop of that session, running in another thread.
        name: Of the encoder, or its folder.
        identity: Of the encoder in that folder, see `engine.encoding.configuration`.
        wait_s: Longest wait for one answer.
    """

    def __init__(
        self,
        engine: EngineClient,
        loop: asyncio.AbstractEventLoop,
        name: str,
        identity: str,
        wait_s: float = WAIT_S,
    ) -> None:
        self.identity = identity
        self._engine = engine
        self._loop = loop
        self._name = name
        self._wait_s = wait_s

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text before a cursor.

        Raises:
            EncoderError: If the engine gave none, or not in time.
        """
        return self._encode(ends_of(texts), keeps_end=True)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk.

        Raises:
            EncoderError: If the engine gave none, or not in time.
        """
        return self._encode(texts_of(chunks), keeps_end=False)

    def _encode(self, texts: tuple[str, ...], *, keeps_end: bool) -> Vectors:
        starts = range(0, max(len(texts), 1), MAX_ENCODED_TEXTS)
        requests = (
            EncodingRequest(self._name, texts[start : start + MAX_ENCODED_TEXTS], keeps_end)
            for start in starts
        )
        encodings = [self._ask(request) for request in requests]
        data = b"".join(encoding.vectors for encoding in encodings)
        return np.frombuffer(data, "<f4").reshape(len(texts), encodings[0].size)

    def _ask(self, request: EncodingRequest) -> Encoding:
        if self._loop.is_closed():
            raise EncoderError("The session with the engine has ended.")
        answer = asyncio.run_coroutine_threadsafe(self._engine.encode(request), self._loop)
        try:
            return answer.result(self._wait_s)
        except TimeoutError as error:
            answer.cancel()
            raise EncoderError(
                f"The encoder {self._name} gave no vectors of {len(request.texts)} texts within"
                f" {self._wait_s:g} s."
            ) from error
        except (EngineError, CancelledError) as error:
            raise EncoderError(str(error) or "The session with the engine has ended.") from error
