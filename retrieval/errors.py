"""What can go wrong in retrieval, as one tree.

RetrievalError
├── RetrieverFileError      a file of a trained retriever cannot be used
└── StoreError              an index on disk is damaged, or was made by another version
"""


class RetrievalError(Exception):
    """Base of all errors of this room. The message is one sentence, or half of one."""


class RetrieverFileError(RetrievalError):
    """A file of a trained retriever is missing, damaged, or made for something else."""


class StoreError(RetrievalError):
    """An index on disk is damaged, or was made by another version. The message says how."""
