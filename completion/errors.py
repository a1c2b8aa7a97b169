"""What can go wrong between a document and a prompt, as one tree.

CompletionError
└── TokenizerFileError     the model's tokenizer.json is missing or cannot be read

`Completer.complete` turns them into a reason; only `Completer.cache_view` raises them.
"""


class CompletionError(Exception):
    """Base of all errors of this room. The message is one sentence."""


class TokenizerFileError(CompletionError):
    """The model's tokenizer.json is missing or cannot be read."""
