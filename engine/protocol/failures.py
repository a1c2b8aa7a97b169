"""Errors across the wire, by the name of their class."""

import logging
from collections.abc import Iterator

from engine import errors
from engine.errors import EngineError
from engine.protocol.frames import Failure

_LOG = logging.getLogger(__name__)


def failure_of(request_id: int, error: Exception) -> Failure:
    """Describe `error` to the client whose request it ended.

    An error that is not the engine's own is a bug of ours: its traceback goes to the log.
    """
    if isinstance(error, EngineError):
        return Failure(request_id, type(error).__name__, str(error))
    _LOG.error("A request failed inside the engine.", exc_info=error)
    message = (
        f"The engine failed inside ({type(error).__name__}: {error}); its log has the details."
    )
    return Failure(request_id, EngineError.__name__, message)


def error_of(failure: Failure) -> EngineError:
    """Return the error that the service described."""
    return _CLASSES.get(failure.kind, EngineError)(failure.message)


def _tree(root: type[EngineError]) -> Iterator[type[EngineError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


_CLASSES = {cls.__name__: cls for cls in _tree(EngineError) if cls.__module__ == errors.__name__}
