"""The second stage that a user chose."""

import asyncio

from completion.settings import HASHED_ENCODER
from engine.client.base import EngineClient
from engine.encoding.configuration import encoder_identity
from engine.weights.catalogue import find
from engine.weights.encoders import ENCODERS, encoder_store
from engine.weights.location import vector_file
from engine.weights.progress import ignore_progress
from retrieval.cosine_ranker import CosineRanker
from retrieval.types import Ranker
from retrieval.vector_store import StoredEncoder, VectorStore
from warmline.encoders.remote import RemoteEncoder


def second_stage(
    name: str, hashed: Ranker, engine: EngineClient, loop: asyncio.AbstractEventLoop
) -> Ranker:
    """Return the ranker that compares texts with the encoder of that name. Downloads nothing.

    Args:
        name: `hashed`, a name `warmline models list` shows, or a folder.
        hashed: The ranker that needs no engine.
        engine: Runs any other encoder.
        loop: The event loop of `engine`.

    Raises:
        ModelError: If the encoder is not here or of no use; the message says what to do.
    """
    if name == HASHED_ENCODER:
        return hashed
    folder = encoder_store(offline=True).require(name, ignore_progress)
    known_as = name if find(name, ENCODERS) else str(folder.absolute())
    remote = RemoteEncoder(engine, loop, known_as, encoder_identity(folder))
    return CosineRanker(StoredEncoder(remote, VectorStore(vector_file())))
