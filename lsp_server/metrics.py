"""The figures of one window: what the client says about them, and the file that shows them."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from completion.usage.usage import Usage
from engine.errors import EngineError
from lsp_server.figures_file import FiguresFile

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 10.0


class Metrics:
    """Hears what clients tell of items they were given, and keeps the file up to date."""

    def __init__(self, usage: Usage, version: str) -> None:
        self._usage = usage
        self._version = version
        self._file: FiguresFile | None = None

    def shown(self, params: Any) -> None:
        """Hear that an item is shown; what is no item is no news."""
        text = _text_of_item(params)
        if text:
            self._usage.shown(text)

    def partly_accepted(self, params: Any) -> None:
        """Hear how much of an item is taken, in UTF-16 units as Copilot's clients count."""
        text = _text_of_item(params)
        num_units = _member(params, "acceptedLength")
        if text and isinstance(num_units, int) and num_units > 0:
            self._usage.partly_taken(text, _num_characters(text, num_units))

    async def keep_on_disk(self) -> None:
        """Write the figures where `warmline status` finds them, for as long as this runs."""
        try:
            self._file = FiguresFile(self._version)
            while True:
                self._file.write(self._usage.look())
                await asyncio.sleep(WRITE_EVERY_S)
        except (OSError, EngineError) as error:
            logger.warning("`warmline status` will not show this window: %s", error)

    def close(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _text_of_item(params: Any) -> str:
    text = _member(_member(params, "item"), "insertText")
    return text if isinstance(text, str) else ""


def _member(params: Any, name: str) -> Any:
    """Return a member of plain JSON, or of the object that pygls makes of it."""
    return params.get(name) if isinstance(params, Mapping) else getattr(params, name, None)


def _num_characters(text: str, num_units: int) -> int:
    return len(text.encode("utf-16-le")[: 2 * num_units].decode("utf-16-le", "ignore"))
