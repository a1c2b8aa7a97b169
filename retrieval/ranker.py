"""The second stage: candidates of the first one, in the order in which they help."""

from collections.abc import Sequence

from retrieval.features import features_of
from retrieval.hashed_encoder import HashedEncoder
from retrieval.memory import RememberingEncoder
from retrieval.model import RetrieverModel
from retrieval.types import Chunk, Encoder, Place, Ranking


class LearnedRanker:
    """A `Ranker` by the formula in `retrieval.model`. Deterministic; safe from several threads.

    Attributes:
        identity: Changes whenever scores would.
    """

    def __init__(self, model: RetrieverModel, encoder: Encoder | None = None) -> None:
        """Rank with a model.

        Args:
            model: Its stop vector has as many dimensions as the encoder's vectors.
            encoder: To compare texts with, if not by the model's own table.
        """
        self._model = model
        self._encoder = RememberingEncoder(encoder or HashedEncoder(model))
        self.identity = f"{self._encoder.identity}+{model.identity}" if encoder else model.identity

    def rank(self, place: Place, query: str, candidates: Sequence[Chunk]) -> Ranking:
        """Score candidates, each of which carries the score of the first stage."""
        features = features_of(place, query, candidates)
        (vector,) = self._encoder.encode_queries([query])
        vectors = self._encoder.encode_chunks(candidates)
        model = self._model
        scores = model.scale * (vectors @ vector) + features.candidates @ model.feature_weights
        stop = model.scale * (vector @ model.stop_vector) + features.query @ model.stop_weights
        return Ranking(scores, float(stop))
