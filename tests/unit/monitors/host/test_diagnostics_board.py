"""What a server tells about documents of its own accord."""

import asyncio
from pathlib import Path
from typing import Any

from monitors.host.diagnostics_board import DiagnosticsBoard

_PATH = Path("/p/a b+c.cpp")


def _told(uri: str, *diagnostics: dict[str, Any]) -> dict[str, Any]:
    return {"uri": uri, "diagnostics": list(diagnostics)}


async def test_the_first_ones_are_waited_for() -> None:
    board = DiagnosticsBoard()
    asked = asyncio.ensure_future(board.of(_PATH))
    await asyncio.sleep(0)
    assert not asked.done()
    await board.take(_told(_PATH.as_uri(), {"message": "m"}))
    assert await asked == ({"message": "m"},)


async def test_the_newest_count() -> None:
    board = DiagnosticsBoard()
    await board.take(_told(_PATH.as_uri(), {"message": "m"}))
    await board.take(_told(_PATH.as_uri()))
    assert await board.of(_PATH) == ()


async def test_a_server_may_escape_more_of_a_path_than_we_do() -> None:
    board = DiagnosticsBoard()
    await board.take(_told("file:///p/a%20b%2Bc.cpp", {"message": "m"}))
    assert await board.of(_PATH) == ({"message": "m"},)


async def test_what_is_forgotten_is_waited_for_anew() -> None:
    board = DiagnosticsBoard()
    await board.take(_told(_PATH.as_uri()))
    board.forget(_PATH)
    asked = asyncio.ensure_future(board.of(_PATH))
    await asyncio.sleep(0)
    assert not asked.done()
    asked.cancel()
