"""What becomes of a monitor that fails: it is told of once, and forbids nothing."""

import logging
from collections.abc import Sequence

from monitors.types import Answer, Site

_LOGGER = logging.getLogger(__name__)


class Failures:
    """Tells of each kind of failure once, however often it happens."""

    def __init__(self) -> None:
        self._told: set[type[BaseException]] = set()

    def tell(self, error: BaseException) -> None:
        """Log a failure, with its traceback, unless one of its kind was."""
        if type(error) not in self._told:
            self._told.add(type(error))
            _LOGGER.error("A monitor failed; it forbids nothing.", exc_info=error)


class BlindWatch:
    """A `Watch` of a place where no monitor has anything to say."""

    def sites(self, written: str) -> Sequence[Site]:  # noqa: ARG002 -- whatever is written
        """Return nothing."""
        return ()

    async def ask(self, site: Site, written: str) -> Answer:  # noqa: ARG002 -- as `sites`
        """Forbid nothing."""
        return Answer(site, frozenset())
