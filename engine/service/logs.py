"""What the service writes to its log, and how much."""

import logging
import os
import stat
import sys

MAX_LOG_BYTES = 2**20


class BoundedHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in stubs only
    """Writes to standard error; a file there begins anew when it has grown too long.

    The file is opened for appending by whoever starts the service, so that what Python
    itself prints lands in it too.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        _shorten(self.stream.fileno())
        super().emit(record)


def log_to_standard_error() -> None:
    """Set the service's logging up."""
    handler = BoundedHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("websockets").setLevel(logging.WARNING)


def _shorten(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size > MAX_LOG_BYTES:
        os.ftruncate(descriptor, 0)
