"""Search in an index, with a ranker that is read from disk when it is first needed."""

import asyncio
from pathlib import Path

from retrieval.model_file import default_model, load_model
from retrieval.ranker import LearnedRanker
from retrieval.two_stage import TwoStageRetriever
from retrieval.types import ChunkIndex, Place, Retrieval, Retriever


class LazyRetriever:
    """A `Retriever` of both stages. Used from one event loop.

    Args:
        index: The first stage.
        model_file: Of a trained retriever; None for the one that comes with the package.
    """

    def __init__(self, index: ChunkIndex, model_file: Path | None) -> None:
        self._index = index
        self._model_file = model_file
        self._loading: asyncio.Task[Retriever] | None = None

    async def retrieve(self, place: Place) -> Retrieval:
        """Return the chunks that help, and what else was looked at.

        Raises:
            RetrieverFileError: If the file of the trained retriever cannot be used.
        """
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        retriever = await asyncio.shield(self._loading)  # whoever gives up must not undo it
        return await retriever.retrieve(place)

    def _load(self) -> Retriever:
        model = load_model(self._model_file) if self._model_file else default_model()
        return TwoStageRetriever(self._index, LearnedRanker(model))
