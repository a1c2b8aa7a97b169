"""What can go wrong between the files of a repository and what was found in them, as one tree.

RetrievalError
└── StoreError     an index on disk is damaged, or was made by another version
"""


class RetrievalError(Exception):
    """Base of all errors of this room. The message is one sentence, or half of one."""


class StoreError(RetrievalError):
    """An index on disk is damaged, or was made by another version. The message says how."""
