"""A small project in Python, and what tests ask about it."""

import asyncio
from pathlib import Path

from monitors.analysis.host_analyser import HostAnalyser, Timing
from monitors.types import Names, Source

TIMING = Timing(hang_timeout_s=8.0, first_pause_s=0.05, longest_pause_s=0.5)

MODULE = """\
import enum
import os
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shop import lazy
from shop.prices import Price
from nowhere import Missing


class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Odd(Missing):
    known: int


class Dynamic:
    def __getattr__(self, name): return name


class Strange:
    def __getattribute__(self, name): return name


class OddlyMade(metaclass=Odd): ...


class Named:
    known: int
    if not TYPE_CHECKING:
        def __getattr__(self, name): return name


@dataclass
class Order:
    price: Price
    count: int = 1

    def total(self, *, rounded: bool = True) -> int:
        return 0


def use(order: Order, odd: Odd, dynamic: Dynamic, anything, color: Color):
    |


def after(order: Order):
    return order.count
"""
PRICES = "class Price:\n    cents: int\n    currency: str\n"


def source(
    project: Path, written: str, text: str = MODULE, name: str = "orders.py"
) -> tuple[Source, int]:
    """Return a document with `written` at its mark, and the cursor at the mark in that."""
    offset = text.index("|") + written.index("|")
    path = project / "shop" / name
    return Source(path, "python", text.replace("|", written.replace("|", ""), 1)), offset


def own(names: Names) -> set[str]:
    """Leave out what every object has."""
    return {name for name in names.names if not name.startswith("_")}


async def answered(analyser: HostAnalyser, project: Path) -> None:
    async with asyncio.timeout(60):
        while not (await analyser.members(*source(project, "order.|"))).names:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def processes(analyser: HostAnalyser) -> tuple[int, list[int]]:
    """Return the host's process and those of its servers."""
    status = await analyser.status()
    servers = [pid for each in status["host"]["analysers"] for pid in each["processes"]]
    return status["host"]["process"], servers
