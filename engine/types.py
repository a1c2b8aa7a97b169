"""Dimensions and small types shared by the rooms that hold tensors.

Dimensions, used in every shape comment:
    S     tokens that go through the model in one pass
    L     tokens a cache holds
    R     rows of a cache that a pass may see
    H     query heads
    H_kv  key/value heads
    D     size of one head
    V     vocabulary
"""

from collections.abc import Callable

Checkpoint = Callable[[], None]
"""Called while a pass may still be left. Raises an `Interruption` to leave it."""


class Interruption(BaseException):
    """Leaves a pass through the model in the middle; whoever started it undoes its writes.

    A `BaseException`, so that no handler for errors takes it for one.
    """


class Preempted(Interruption):
    """Something more urgent waits; the same pass is done again later."""


class Cancelled(Interruption):
    """Nobody wants the result any more."""


def never_interrupt() -> None:
    """Do nothing; the checkpoint of work that nothing may interrupt."""
