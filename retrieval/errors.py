"""What can go wrong in retrieval, as one tree.

RetrievalError
└── RetrieverFileError      a file of a trained retriever cannot be used
"""


class RetrievalError(Exception):
    """Base of all errors here. The message is one sentence."""


class RetrieverFileError(RetrievalError):
    """A file of a trained retriever is missing, damaged, or made for something else."""
