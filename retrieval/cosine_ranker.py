"""A second stage that only compares vectors, for encoders that nobody has trained for this."""

from collections.abc import Sequence

from retrieval.memory import RememberingEncoder
from retrieval.types import Chunk, Encoder, Place, Ranking

STOP_COSINE = 0.4
"""What is less alike than this counts as no help. With all-MiniLM-L6-v2, nine of ten pairs of a
cursor and a chunk taken at random from Python's library are (median 0.26); nothing was trained, and
no other encoder was looked at."""


class CosineRanker:
    """A `Ranker` by the cosine between what stands before the cursor and each chunk.

    Attributes:
        identity: Changes whenever scores would.
    """

    def __init__(self, encoder: Encoder, stop_cosine: float = STOP_COSINE) -> None:
        self._encoder = RememberingEncoder(encoder)
        self._stop_cosine = stop_cosine
        self.identity = f"cosine-{self._encoder.identity}"

    def rank(self, place: Place, query: str, candidates: Sequence[Chunk]) -> Ranking:
        """Score candidates; the first stage's scores and the place itself count nothing.

        Raises:
            EncoderError: If the encoder gave no vectors.
        """
        del place
        (vector,) = self._encoder.encode_queries([query])
        return Ranking(self._encoder.encode_chunks(candidates) @ vector, self._stop_cosine)
