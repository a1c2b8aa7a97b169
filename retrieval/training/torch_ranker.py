"""The ranker's formula in torch, so that its parameters can be learned.

The same numbers as `HashedEncoder` and `LearnedRanker` compute with numpy, from the same terms and
features; a test holds them together. What is learned is the difference to the parameters it began
with: pulled towards zero, names that no training has seen keep the directions they had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from retrieval.features import features_of
from retrieval.hashed_encoder import SATURATION, Bag, chunk_bag, query_bag
from retrieval.model import RetrieverModel
from retrieval.query import query_of
from retrieval.types import Chunk, Place

_LEAST_SQUARE = 1e-24  # of a vector that is divided by its length


@dataclass(frozen=True, slots=True)
class Bags:
    """The terms of several texts, one text after the other.

    Attributes:
        rows: (T, 2), rows of the table.
        counts: (T, C), as in `hashed_encoder.Bag`.
        owners: (T,), which text a term belongs to; ascending.
        num_texts: N; one without terms owns nothing.
    """

    rows: Tensor
    counts: Tensor
    owners: Tensor
    num_texts: int

    @classmethod
    def of(cls, bags: Sequence[Bag]) -> "Bags":
        """Lay bags one after the other; there is at least one."""
        sizes = [len(bag.rows) for bag in bags]
        return cls(
            rows=torch.from_numpy(np.concatenate([bag.rows for bag in bags])),
            counts=torch.from_numpy(np.concatenate([bag.counts for bag in bags])),
            owners=torch.from_numpy(np.repeat(np.arange(len(bags)), sizes)),
            num_texts=len(bags),
        )

    @classmethod
    def joined(cls, parts: Sequence["Bags"]) -> "Bags":
        """Lay the texts of several one after the other."""
        firsts = accumulate((part.num_texts for part in parts), initial=0)
        return cls(
            rows=torch.cat([part.rows for part in parts]),
            counts=torch.cat([part.counts for part in parts]),
            owners=torch.cat([part.owners + next(firsts) for part in parts]),
            num_texts=sum(part.num_texts for part in parts),
        )

    def only(self, texts: Sequence[int]) -> "Bags":
        """Return some of the texts, in the order given."""
        bounds = torch.searchsorted(self.owners, torch.arange(self.num_texts + 1)).tolist()
        spans = [range(bounds[text], bounds[text + 1]) for text in texts]
        terms = torch.tensor([term for span in spans for term in span], dtype=torch.int64)
        owners = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
        return Bags(
            self.rows[terms], self.counts[terms], torch.from_numpy(owners), num_texts=len(spans)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A place and candidates as the formula sees them; no parameter is in it.

    Attributes:
        query: One text.
        chunks: K texts.
        features: (K, F).
        stop_features: (G,).
    """

    query: Bags
    chunks: Bags
    features: Tensor
    stop_features: Tensor

    def only(self, candidates: Sequence[int]) -> "Question":
        """Return the question of some candidates, with the features they have among all."""
        return Question(
            self.query,
            self.chunks.only(candidates),
            self.features[list(candidates)],
            self.stop_features,
        )


def make_question(place: Place, candidates: Sequence[Chunk], num_buckets: int) -> Question:
    """Take a place and all its candidates apart; there is at least one."""
    query = query_of(place)
    features = features_of(place, query, candidates)
    return Question(
        query=Bags.of([query_bag(query, num_buckets)]),
        chunks=Bags.of([chunk_bag(chunk, num_buckets) for chunk in candidates]),
        features=torch.from_numpy(features.candidates),
        stop_features=torch.from_numpy(features.query),
    )


class TorchRanker(nn.Module):
    """Scores candidates; differentiable in all parameters of a `RetrieverModel`.

    Args:
        start: The parameters that learning begins with.
    """

    def __init__(self, start: RetrieverModel) -> None:
        super().__init__()
        self.start = {
            name: torch.from_numpy(values.copy()) for name, values in start.arrays.items()
        }
        self.changes = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros_like(values)) for name, values in self.start.items()}
        )

    @property
    def num_buckets(self) -> int:
        """How many buckets terms fall into."""
        return len(self.start["table"])

    def forward(self, questions: Sequence[Question]) -> list[Tensor]:
        """Score the candidates of each question, and last the stop signal: (K + 1,) each."""
        now = self._parameters_now()
        queries = Bags.joined([question.query for question in questions])
        chunks = Bags.joined([question.chunks for question in questions])
        query_vectors = _vectors(
            queries, now["table"], now["query_log_weights"], now["line_log_weights"]
        )
        chunk_vectors = _vectors(chunks, now["table"], now["chunk_log_weights"], torch.zeros(1))
        sizes = [question.chunks.num_texts for question in questions]
        return [
            _scores(question, query, candidates, now)
            for question, query, candidates in zip(
                questions, query_vectors, torch.split(chunk_vectors, sizes), strict=True
            )
        ]

    @torch.no_grad()
    def rank(self, question: Question) -> NDArray[np.float32]:
        """Return the scores of all candidates, and last that of the stop signal, (K + 1,)."""
        scores: NDArray[np.float32] = self([question])[0].numpy()
        return scores

    @torch.no_grad()
    def model(self, training: Mapping[str, Any]) -> RetrieverModel:
        """Return the parameters as they are now, with the record of how they came about."""
        arrays = {name: values.numpy().copy() for name, values in self._parameters_now().items()}
        scale = float(arrays.pop("scale")[0])
        return RetrieverModel(**arrays, scale=scale, training=training)

    def _parameters_now(self) -> dict[str, Tensor]:
        return {name: values + self.changes[name] for name, values in self.start.items()}


def _scores(question: Question, query: Tensor, chunks: Tensor, now: Mapping[str, Tensor]) -> Tensor:
    """See the formula in `retrieval.model`: (D,) and (K, D) give (K + 1,)."""
    scale = now["scale"]
    scores = scale * (chunks @ query) + question.features @ now["feature_weights"]
    stop = scale * (query @ now["stop_vector"]) + question.stop_features @ now["stop_weights"]
    return torch.cat([scores, stop])


def _vectors(bags: Bags, table: Tensor, log_weights: Tensor, line_log_weights: Tensor) -> Tensor:
    """Return a vector of length one for each text, (N, D); see `retrieval.hashed_encoder`."""
    strength = bags.counts @ line_log_weights.exp()  # (T,)
    weights = strength / (strength + SATURATION) * log_weights[bags.rows].mean(1).exp()
    directions = functional.embedding(bags.rows, table).sum(1)  # (T, D)
    sums = directions.new_zeros(bags.num_texts, directions.shape[1])
    sums = sums.index_add(0, bags.owners, weights[:, None] * directions)
    lengths = (sums * sums).sum(1, keepdim=True).clamp_min(_LEAST_SQUARE).sqrt()
    return sums / lengths
