"""Token sequences as arrays, for everyone who handles tokens without text. Imports no torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

TokenArray = NDArray[np.int32]
"""(L,), token ids."""

MAX_TOKEN = 2**31 - 1


def as_token_array(tokens: Sequence[int] | TokenArray) -> TokenArray:
    """Return `tokens` as (L,) int32.

    Raises:
        EngineError: If one of them is not a token id.
    """
    try:
        wide = np.asarray(tokens, dtype=np.int64)
    except (OverflowError, TypeError, ValueError) as error:
        raise EngineError(f"The prompt is not a sequence of token ids: {error}.") from error
    if wide.ndim != 1 or (wide.size and not 0 <= wide.min() <= wide.max() <= MAX_TOKEN):
        raise EngineError(f"The prompt is not a sequence of token ids from 0 to {MAX_TOKEN}.")
    return wide.astype(np.int32)


def common_length(left: TokenArray, right: TokenArray) -> int:
    """Count equal leading tokens."""
    shorter = min(len(left), len(right))
    different = np.flatnonzero(left[:shorter] != right[:shorter])
    return int(different[0]) if len(different) else shorter
