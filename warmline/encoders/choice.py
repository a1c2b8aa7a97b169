"""The second stage that a user chose."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from completion.settings import HASHED_ENCODER, CompletionSettings
from engine.client.base import EngineClient
from engine.encoding.configuration import encoder_identity
from engine.errors import ModelError
from engine.weights.catalogue import find
from engine.weights.encoders import ENCODERS, encoder_store
from engine.weights.location import vector_file
from engine.weights.progress import ignore_progress
from retrieval.cosine_ranker import CosineRanker
from retrieval.model_file import default_model, load_model
from retrieval.ranker import LearnedRanker
from retrieval.types import Ranker
from retrieval.vector_store import StoredEncoder, VectorStore
from warmline.encoders.remote import RemoteEncoder

SecondStage = Callable[[asyncio.AbstractEventLoop], Ranker]
"""Gets a ranker for the tasks of an event loop. Called in another thread, since it reads files."""

_log = logging.getLogger(__name__)


def chosen_second_stage(
    settings: CompletionSettings, engine: EngineClient, loop: asyncio.AbstractEventLoop
) -> Ranker:
    """Return the ranker that the settings name. Downloads nothing.

    Where its text encoder cannot be used, that is logged and the hashed one is used.

    Raises:
        RetrieverFileError: If the file of the trained retriever cannot be used.
    """
    name = settings.retrieval_encoder
    if name != HASHED_ENCODER:
        try:
            return encoder_second_stage(name, engine, loop)
        except ModelError as error:
            _log.warning("The encoder %r cannot be used, so the hashed one is: %s", name, error)
    model_file = Path(settings.retriever).expanduser() if settings.retriever else None
    return hashed_second_stage(loop, model_file)


def hashed_second_stage(_: asyncio.AbstractEventLoop, model_file: Path | None = None) -> Ranker:
    """Return the ranker that needs no engine, by default the one that comes with the package.

    Raises:
        RetrieverFileError: If the file cannot be used.
    """
    return LearnedRanker(load_model(model_file) if model_file else default_model())


def encoder_second_stage(
    name: str, engine: EngineClient, loop: asyncio.AbstractEventLoop
) -> Ranker:
    """Return a ranker that compares texts with an encoder run by the engine.

    Args:
        name: One `warmline models list` shows, or a folder.
        engine: Runs the encoder.
        loop: The event loop of `engine`.

    Raises:
        ModelError: If the encoder is not here or of no use; the message says what to do.
    """
    folder = encoder_store(offline=True).require(name, ignore_progress)
    known_as = name if find(name, ENCODERS) else str(folder.absolute())
    remote = RemoteEncoder(engine, loop, known_as, encoder_identity(folder))
    return CosineRanker(StoredEncoder(remote, VectorStore(vector_file())))
