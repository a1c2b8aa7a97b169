"""The last suggestions of each document, as material for the next one."""

from collections import OrderedDict, deque
from collections.abc import Sequence

import numpy as np

from engine.decoding.drafts.lookup import MAX_MATCH
from engine.tokens import TokenArray

MAX_DOCUMENTS = 64
SUGGESTIONS_PER_DOCUMENT = 4


class Suggestion:
    """A suggestion as far as it is written, after the end of the text before it."""

    def __init__(self, before: Sequence[int]) -> None:
        self.tokens = list(before[-MAX_MATCH:])


class PreviousSuggestions:
    """A few for each of the documents used last."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, deque[Suggestion]] = OrderedDict()

    def material(self, document: str) -> TokenArray:
        """Return the document's suggestions, the latest last, (any,)."""
        suggestions = self._documents.get(document, ())
        tokens = [token for suggestion in suggestions for token in suggestion.tokens]
        return np.array(tokens, dtype=np.int32)

    def begin(self, document: str, before: Sequence[int]) -> Suggestion:
        """Add a suggestion, which its writer makes longer."""
        suggestion = Suggestion(before)
        suggestions = self._documents.setdefault(document, deque(maxlen=SUGGESTIONS_PER_DOCUMENT))
        suggestions.append(suggestion)
        self._documents.move_to_end(document)
        if len(self._documents) > MAX_DOCUMENTS:
            self._documents.popitem(last=False)
        return suggestion
