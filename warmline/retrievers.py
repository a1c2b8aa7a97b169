"""Search in an index, with a ranker that is read from disk when it is first needed."""

import asyncio

from retrieval.two_stage import TwoStageRetriever
from retrieval.types import ChunkIndex, Place, Retrieval, Retriever
from warmline.encoders.choice import SecondStage


class LazyRetriever:
    """A `Retriever` of both stages. Used from one event loop.

    Args:
        index: The first stage.
        second_stage: Gets the ranker; called in a thread.
    """

    def __init__(self, index: ChunkIndex, second_stage: SecondStage) -> None:
        self._index = index
        self._second_stage = second_stage
        self._loading: asyncio.Task[Retriever] | None = None

    async def retrieve(self, place: Place) -> Retrieval:
        """Return the chunks that help, and what else was looked at.

        Raises:
            RetrieverFileError: If the file of the trained retriever cannot be used.
        """
        if self._loading is None:
            loop = asyncio.get_running_loop()
            self._loading = asyncio.create_task(asyncio.to_thread(self._load, loop))
        retriever = await asyncio.shield(self._loading)  # whoever gives up must not undo it
        return await retriever.retrieve(place)

    def _load(self, loop: asyncio.AbstractEventLoop) -> Retriever:
        return TwoStageRetriever(self._index, self._second_stage(loop))
