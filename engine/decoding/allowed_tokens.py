"""Which tokens may come next."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.decoding.sorted_tokens import TokenIds


class TokenSet(NamedTuple):
    """Thousands of tokens, ready in both forms. Shared; nobody changes it.

    Shapes:
        ids: (any,), ascending.
        penalties: (V,), float32, to add to scores: 0 for its tokens, and -inf for all others.
    """

    ids: TokenIds
    penalties: NDArray[np.float32]


class AllowedTokens(NamedTuple):
    """The tokens of two sets, which may have some in common.

    Attributes:
        some: Those that are allowed here; shape (any,), ascending.
        others: Those that are allowed at many places, such as all that may follow a name.
    """

    some: TokenIds
    others: TokenSet | None = None

    @property
    def ids(self) -> TokenIds:
        """All ids, ascending, each once."""
        return self.some if self.others is None else np.union1d(self.some, self.others.ids)


def token_set(ids: TokenIds, num_tokens: int) -> TokenSet:
    """Return a set of `ids`, which may come in any order and more than once.

    Args:
        ids: Below `num_tokens`.
        num_tokens: Of the vocabulary.
    """
    penalties = np.full(num_tokens, -np.inf, np.float32)
    penalties[ids] = 0
    return TokenSet((penalties == 0).nonzero()[0], penalties)
