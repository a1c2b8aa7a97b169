"""What can go wrong with the corpus.

EvaluationError
└── CorpusError             a package is not to be had, or is not what was pinned
"""

from evaluation.errors import EvaluationError


class CorpusError(EvaluationError):
    """A package is not to be had, or is not what was pinned."""
