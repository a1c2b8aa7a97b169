"""What a server has told of its own accord about documents: their diagnostics."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Diagnostics = tuple[dict[str, Any], ...]


class DiagnosticsBoard:
    """Holds the newest diagnostics of each document. Used from one event loop."""

    def __init__(self) -> None:
        self._told: dict[str, Diagnostics] = {}
        self._news = asyncio.Condition()

    async def take(self, params: dict[str, Any]) -> None:
        """Take a `textDocument/publishDiagnostics` notification."""
        async with self._news:
            self._told[_key(params["uri"])] = tuple(params.get("diagnostics", ()))
            self._news.notify_all()

    async def of(self, path: Path) -> Diagnostics:
        """Return a document's diagnostics; waits for the first ones."""
        key = _key(path.as_uri())
        async with self._news:
            await self._news.wait_for(lambda: key in self._told)
        return self._told[key]

    def forget(self, path: Path) -> None:
        """Drop a document's diagnostics."""
        self._told.pop(_key(path.as_uri()), None)


def _key(uri: str) -> str:
    """Return a document's path as both sides write it: they escape different characters."""
    return unquote(urlsplit(uri).path)
