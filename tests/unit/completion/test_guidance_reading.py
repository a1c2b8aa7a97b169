"""Documents are read ahead a step at a time, and then the name at the cursor is asked about."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from completion.document import Document
from completion.guidance.watching import Watching
from monitors.types import Source
from tests.unit.completion.guided import FakeMonitors

TEXT = "left.size\nleft.\n"
CURSOR = len(TEXT) - 1


@dataclass
class SlowMonitors(FakeMonitors):
    """Has to take some steps before it has read a document."""

    num_steps: int = 3
    log: list[str] = field(default_factory=list)
    step: Callable[[str], None] = lambda _text: None

    def reading(self, source: Source, offset: int) -> Iterator[None]:
        for _ in range(self.num_steps):
            self.step(source.text)
            self.log.append(f"step to {offset}")
            yield


def document(text: str = TEXT, name: str = "file:///project/a.py") -> Document:
    return Document(name, "python", 1, text)


async def rounds(number: int = 20) -> None:
    """Let the event loop do what it has to do."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_the_name_is_asked_about_when_the_text_before_it_is_read() -> None:
    monitors = SlowMonitors()
    watching = Watching(monitors)
    watching.change(document(), CURSOR)
    assert len(monitors.log) == 1
    assert not monitors.asked
    await rounds()
    assert monitors.log == [f"step to {CURSOR}"] * 3
    assert [site.receiver for site in monitors.asked] == ["left"]
    await watching.aclose()


async def test_other_work_is_done_between_the_steps() -> None:
    monitors = SlowMonitors()
    watching = Watching(monitors)
    watching.open(document())
    for _ in range(5):
        monitors.log.append("other work")
        await asyncio.sleep(0)
    assert "step" not in " ".join(monitors.log[-1:])
    assert monitors.log[:5] == [
        f"step to {len(TEXT)}",
        "other work",
        "other work",
        f"step to {len(TEXT)}",
        "other work",
    ]
    await watching.aclose()


async def test_what_needs_no_step_is_asked_about_at_once() -> None:
    monitors = SlowMonitors(num_steps=0)
    watching = Watching(monitors)
    watching.change(document(), CURSOR)
    await asyncio.sleep(0)
    assert len(monitors.asked) == 1
    await watching.aclose()


@pytest.mark.parametrize("name", ["file:///project/a.py", "file:///project/b.py"])
async def test_only_the_last_change_is_asked_about(name: str) -> None:
    monitors = SlowMonitors()
    watching = Watching(monitors)
    watching.change(document(), CURSOR)
    watching.change(document("right.\n", name), len("right."))
    await rounds()
    assert [site.receiver for site in monitors.asked] == ["right"]
    await watching.aclose()


async def test_a_document_that_is_closed_is_read_no_more() -> None:
    monitors = SlowMonitors()
    watching = Watching(monitors)
    watching.change(document(), CURSOR)
    watching.close("file:///project/a.py")
    await rounds()
    assert len(monitors.log) == 1
    assert not monitors.asked
    await watching.aclose()


async def test_the_document_that_was_opened_last_is_read_first() -> None:
    monitors = SlowMonitors(num_steps=2)
    read: list[str] = []
    monitors.step = read.append
    watching = Watching(monitors)
    watching.open(document("a"))
    watching.open(document("b", "file:///project/b.py"))
    await rounds()
    assert read == ["a", "b", "b", "a"]
    await watching.aclose()


async def test_a_reading_that_fails_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_text: str) -> None:
        raise RuntimeError("a bug")

    monitors = SlowMonitors(step=fail)
    watching = Watching(monitors)
    with caplog.at_level(logging.ERROR):
        watching.open(document())
        watching.change(document(), CURSOR)
        await rounds()
    assert [record.message for record in caplog.records] == [
        "A monitor failed; it forbids nothing."
    ]
    await watching.aclose()


async def test_the_end_comes_while_documents_are_read() -> None:
    monitors = SlowMonitors(num_steps=10**9)
    watching = Watching(monitors)
    watching.open(document())
    await rounds(3)
    async with asyncio.timeout(10):
        await watching.aclose()
    assert monitors.is_closed
