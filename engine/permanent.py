"""What a process makes once and keeps, kept out of Python's search for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def permanent() -> Iterator[None]:
    """Keep all that is there when the context ends out of every later search for garbage.

    Imported modules and tables of a model stay as long as the process. To look through them
    takes a tenth of a second and more, and Python would do it while somebody waits for a
    suggestion, and several times while they are still being made.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
