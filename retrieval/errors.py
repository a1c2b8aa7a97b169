"""What can go wrong in retrieval, as one tree.

RetrievalError
├── EncoderError            an encoder gave no vectors; the first stage can still be used
├── StoreError              an index on disk is damaged, or was made by another version
└── RetrieverFileError      a file of a trained retriever cannot be used
"""


class RetrievalError(Exception):
    """Base of all errors of this room. The message is one sentence, or half of one."""


class StoreError(RetrievalError):
    """An index on disk is damaged, or was made by another version. The message says how."""


class EncoderError(RetrievalError):
    """An encoder gave no vectors, or not in time. The message says why."""


class RetrieverFileError(RetrievalError):
    """A file of a trained retriever is missing, damaged, or made for something else."""
