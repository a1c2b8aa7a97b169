"""How much each token of the truth counts.

The first tokens decide whether a suggestion begins right, and names are what other files can tell.
So white space before the first word has no weight of its own to speak of, and a name is a name with
or without a space before it.

Source:
    RLCoder, arXiv 2407.19487, section 3.3, for the three weights.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.names import KEYWORDS

FIRST_WEIGHT, NAME_WEIGHT, OTHER_WEIGHT = 5.0, 3.0, 1.0
NUM_FIRST_TOKENS = 3
"""With something other than white space in them."""
_NAME_BYTES = re.compile(rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*")
_KEYWORDS = frozenset(word.encode() for word in KEYWORDS)


def token_weights(tokens: Sequence[bytes]) -> NDArray[np.float64]:
    """Return a weight for each token of a text, (T,).

    A token counts as a name if any part of a name is in it, however it is cut. Keywords are
    no names.

    Args:
        tokens: What each token says, in order; together they are the text.
    """
    ends = list(accumulate((len(token) for token in tokens), initial=0))
    names = _name_ranges(b"".join(tokens))
    weights = np.full(len(tokens), OTHER_WEIGHT)
    num_first = 0
    for index, (start, stop) in enumerate(pairwise(ends)):
        has_content = bool(tokens[index].strip())
        if has_content and num_first < NUM_FIRST_TOKENS:
            weights[index] = FIRST_WEIGHT
            num_first += 1
        elif any(start < name.stop and name.start < stop for name in names):
            weights[index] = NAME_WEIGHT
    return weights


def weighted_mean(losses: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the mean of token losses, (T,), each as often as it weighs."""
    return float((losses * weights).sum() / weights.sum())


def _name_ranges(text: bytes) -> list[range]:
    matches = _NAME_BYTES.finditer(text)
    return [range(*match.span()) for match in matches if match.group().lower() not in _KEYWORDS]
