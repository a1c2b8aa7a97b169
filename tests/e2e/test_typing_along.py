"""`warmline serve` while somebody goes along with what it suggests: the engine has little to do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.knowing_window import LINE, NEXT_LINE, Window, knowing_window

pytestmark = pytest.mark.e2e


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Window]:
    async with knowing_window(tmp_path) as window:
        yield window


async def test_typing_along_takes_nothing_from_the_engine_but_to_follow(window: Window) -> None:
    assert await window.complete() == LINE
    assert (await window.last()).origin == "model"
    for number, letter in enumerate(LINE[:-1], start=1):
        window.type(letter)
        assert await window.complete() == LINE[number:]
    window.delete(4)
    assert await window.complete() == LINE[-5:]
    last = await window.last()
    assert (last.origin, last.tokens.generated) == ("typed_along", 0)
    assert len(window.model.requests) == 1
    await window.followed()


async def test_leaving_it_asks_the_model(window: Window) -> None:
    assert await window.complete() == LINE
    window.type("v!")
    assert await window.complete() == ""
    assert len(window.model.requests) == 2


async def test_once_accepted_the_next_is_there_without_the_model(window: Window) -> None:
    assert await window.complete() == LINE
    await window.next_prepared()
    window.type(LINE)
    assert await window.complete() == ""
    window.type("\n    ")
    assert await window.complete() == NEXT_LINE
    assert (await window.last()).origin == "prepared"
    assert len(window.model.requests) == 1
    await window.next_prepared()
    assert window.model.aheads[-1].forced_text == NEXT_LINE.encode()
