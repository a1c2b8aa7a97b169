"""What can go wrong in the engine, as one tree.

EngineError
├── ModelError                  something about the weights
│   ├── ModelNotFoundError      no such model in the catalogue or on disk
│   ├── ModelFileError          the file is not what it should be
│   ├── UnsupportedModelError   the engine cannot run this architecture
│   ├── OfflineError            a download was needed and `offline` forbids it
│   ├── DownloadError           hub and mirror both failed
│   └── DiskSpaceError          the disk is or would be full
├── EngineUnavailableError      no service, and none could be started
├── WireError                   the other side broke the wire protocol
│   └── VersionMismatchError    the other side speaks another version of it
├── UnknownBaseError            a token difference refers to tokens the engine no longer has
├── PromptTooLongError          more tokens than the model's context or the cache budget hold
├── NotReadyError               the model is still loading, or failed to load
└── SupersededError             newer work on the same document took this one's place
"""


class EngineError(Exception):
    """Base of all errors a caller of the engine may see. The message is one sentence."""


class ModelError(EngineError):
    """Something about the weights."""


class ModelNotFoundError(ModelError):
    """No such model in the catalogue or on disk."""


class ModelFileError(ModelError):
    """A model file is damaged, incomplete, or another file than was promised."""


class UnsupportedModelError(ModelError):
    """The engine cannot run this architecture; the message says which part."""


class OfflineError(ModelError):
    """A download was needed and the `offline` setting forbids it."""


class DownloadError(ModelError):
    """Neither the hub nor the package mirror gave the file."""


class DiskSpaceError(ModelError):
    """The disk has no room for a download or a conversion."""


class EngineUnavailableError(EngineError):
    """No engine service answers and none could be started."""


class WireError(EngineError):
    """The other side sent something that is not in the protocol."""


class VersionMismatchError(WireError):
    """The other side speaks another version of the protocol."""


class UnknownBaseError(EngineError):
    """A token difference refers to tokens that the engine no longer holds."""


class PromptTooLongError(EngineError):
    """The prompt has more tokens than the context, or its cache more bytes than the budget."""


class NotReadyError(EngineError):
    """The model is still loading, or failed to load."""


class SupersededError(EngineError):
    """Newer work on the same document took the place of this work."""
