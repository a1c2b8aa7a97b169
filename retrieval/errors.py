"""What can go wrong in retrieval, as one tree.

RetrievalError
├── EncoderError            an encoder gave no vectors; the first stage can still be used
└── RetrieverFileError      a file of a trained retriever cannot be used
"""


class RetrievalError(Exception):
    """Base of all errors here. The message is one sentence."""


class EncoderError(RetrievalError):
    """An encoder gave no vectors, or not in time. The message says why."""


class RetrieverFileError(RetrievalError):
    """A file of a trained retriever is missing, damaged, or made for something else."""
