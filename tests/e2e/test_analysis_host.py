"""The analysis host for real: its environment, its process, ty in it, and their ends."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from completion.document import Document
from completion.guidance.paths import DocumentPaths
from engine.weights.location import cache_directory
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser, HostPhase, Timing
from monitors.analysis.launching import InstalledHost
from monitors.types import Names, Source

pytestmark = pytest.mark.e2e

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


@pytest.fixture(scope="session")
def environment() -> AnalysisEnvironment:
    environment = AnalysisEnvironment(cache_directory() / "analysers")
    if not environment.is_ready():
        pytest.skip("the analysers are not installed: run `make analysers`")
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "prices.py").write_text(PRICES)
    (folder / "shop" / "lazy.py").write_text(
        "from nowhere import a\n__getattr__ = a()\nknown = 1\n"
    )
    (folder / "shop" / "orders.py").write_text(MODULE.replace("|", "pass"))
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages" / "thirdparty"
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text("def third_function(): ...\nthird_value: int = 3\n")
    (packages / "py.typed").touch()
    # An interpreter that must not be run: it would leave a trace.
    (folder / ".venv" / "bin").mkdir()
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\ntouch {folder}/was-run\n")
    python.chmod(0o755)
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    return folder


@pytest.fixture
async def analyser(environment: AnalysisEnvironment, project: Path) -> AsyncIterator[HostAnalyser]:
    launch = InstalledHost(environment, progress=lambda _line: None)
    analyser = HostAnalyser(launch, [project], timing=TIMING)
    yield analyser
    await analyser.aclose()


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


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # other processes set no event of ours
            await asyncio.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def answered(analyser: HostAnalyser, project: Path) -> None:
    async with asyncio.timeout(60):
        while not (await analyser.members(*source(project, "order.|"))).names:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def processes(analyser: HostAnalyser) -> tuple[int, list[int]]:
    """Return the host's process and those of its servers."""
    status = await analyser.status()
    servers = [pid for each in status["host"]["analysers"] for pid in each["processes"]]
    return status["host"]["process"], servers


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("order.|", {"price", "count", "total"}),
        ("order.|cou", {"price", "count", "total"}),
        ("order.price.|", {"cents", "currency"}),
        ("x = [order.|\n    y = 1", {"price", "count", "total"}),
        ("return f'{order.price.|}'", {"cents", "currency"}),
        ("x = '😀😀'; order.|", {"price", "count", "total"}),
        ("Order(order.price, 2).|", {"price", "count", "total"}),
        ("Order(price='').|", {"price", "count", "total"}),
        ("[order][0].price.|", {"cents", "currency"}),
        ("Named().|", {"known"}),
    ],
)
async def test_members_of_unsaved_text(
    analyser: HostAnalyser, project: Path, written: str, expected: set[str]
) -> None:
    names = await analyser.members(*source(project, written))
    assert own(names) == expected
    assert names.analyser == "ty"


@pytest.mark.parametrize(
    "written",
    [
        "anything.|",
        "odd.|",
        "Odd.|",
        "Odd('').|",
        "(odd or order).|",
        "type(odd).|",
        "OddlyMade.|",
        "dynamic.|",
        "Dynamic('').|",
        "Strange().|",
        "types.SimpleNamespace().|",
        "lazy.|",
        "unbound.|",
        "anything().|",
    ],
)
async def test_where_any_name_may_be_there_is_no_answer(
    analyser: HostAnalyser, project: Path, written: str
) -> None:
    names = await analyser.members(*source(project, written))
    assert not names.names
    assert names.reason


async def test_a_doubt_in_one_place_is_none_in_another(
    analyser: HostAnalyser, project: Path
) -> None:
    """A checker is silent in code that is never reached."""
    silent = await analyser.members(*source(project, "return\n    order.|"))
    assert not silent.names
    assert own(await analyser.members(*source(project, "order.|"))) == {"price", "count", "total"}


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
async def test_other_line_ends_and_signs_beyond_the_first_plane_before_the_place(
    analyser: HostAnalyser, project: Path, line_end: str
) -> None:
    text = ("# 😀😀\n" + MODULE).replace("\n", line_end)
    assert own(await analyser.members(*source(project, "order.|", text))) == {
        "price",
        "count",
        "total",
    }


async def test_a_place_outside_of_the_text_is_refused(
    analyser: HostAnalyser, project: Path
) -> None:
    asked, offset = source(project, "order.|")
    names = await analyser.members(asked, len(asked.text) + 1)
    assert not names.names
    assert "the offset" in names.reason
    assert (await analyser.members(asked, offset)).names


async def test_a_file_that_is_on_no_disk(analyser: HostAnalyser, project: Path) -> None:
    text = "import os.path\nfrom shop.prices import Price\n\ndef f(price: Price):\n    |\n"
    names = await analyser.members(*source(project, "price.|", text, "unsaved.py"))
    assert own(names) == {"cents", "currency"}


async def test_unsaved_changes_of_another_document_count(
    analyser: HostAnalyser, project: Path
) -> None:
    prices = project / "shop" / "prices.py"
    analyser.open(Source(prices, "python", PRICES))
    assert own(await analyser.members(*source(project, "order.price.|"))) == {"cents", "currency"}
    analyser.change(Source(prices, "python", PRICES + "    tax: int\n"))
    names = await analyser.members(*source(project, "order.price.|"))
    assert own(names) == {"cents", "currency", "tax"}
    # A candidate in one document is no part of it when another is asked about.
    guess = PRICES + "    guess: int\nPrice."
    await analyser.members(Source(prices, "python", guess), len(guess))
    names = await analyser.members(*source(project, "order.price.|"))
    assert own(names) == {"cents", "currency", "tax"}
    analyser.close(prices)
    names = await analyser.members(*source(project, "order.price.|"))
    assert own(names) == {"cents", "currency"}


@pytest.mark.parametrize(
    ("written", "some", "none"),
    [
        ("import |", {"shop", "os", "thirdparty"}, {"cents"}),
        ("from shop.|", {"prices", "orders"}, {"os"}),
        ("from .|", {"prices", "orders"}, {"os"}),
        ("from . import |", {"prices", "orders"}, {"os"}),
        ("from shop.prices import |", {"Price"}, {"Order"}),
        ("from os import |", {"path", "environ"}, {"nothing_like_that"}),
        ("from thirdparty import |", {"third_function", "third_value"}, {"fourth", "__repr__"}),
    ],
)
async def test_what_may_be_imported(
    analyser: HostAnalyser, project: Path, written: str, some: set[str], none: set[str]
) -> None:
    names = await analyser.importable(*source(project, written))
    assert some <= names.names
    assert not none & names.names


async def test_nothing_is_known_of_modules_that_are_not_there(
    analyser: HostAnalyser, project: Path
) -> None:
    assert not (await analyser.importable(*source(project, "from nowhere import |"))).names


async def test_a_module_that_makes_names_up_has_any(analyser: HostAnalyser, project: Path) -> None:
    names = await analyser.importable(*source(project, "from shop.lazy import |"))
    assert not names.names
    assert names.reason == "any name may be there"


async def test_without_an_environment_any_package_may_be_there(
    environment: AnalysisEnvironment, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(variable, raising=False)
    shutil.rmtree(project / ".venv")
    analyser = HostAnalyser(InstalledHost(environment, lambda _line: None), [project])
    try:
        names = await analyser.importable(*source(project, "import |"))
        assert names.reason == "the project's environment is not known"
        assert "prices" in (await analyser.importable(*source(project, "from shop.|"))).names
    finally:
        await analyser.aclose()


async def test_packages_are_read_and_no_interpreter_is_run(
    analyser: HostAnalyser, project: Path
) -> None:
    names = await analyser.importable(*source(project, "from thirdparty import |"))
    assert "third_value" in names.names
    assert not (project / "was-run").exists()


async def test_signatures(analyser: HostAnalyser, project: Path) -> None:
    total = await analyser.signature(*source(project, "order.total(|"))
    assert total is not None
    assert total.keywords == {"rounded"}
    assert total.most_positional == 0
    made = await analyser.signature(*source(project, "Order(|)"))
    assert made is not None
    assert made.keywords == {"price", "count"}
    assert made.most_positional == 2
    assert not made.takes_any_keyword
    assert await analyser.signature(*source(project, "anything(|)")) is None


async def test_cases_and_types(analyser: HostAnalyser, project: Path) -> None:
    cases = await analyser.cases(*source(project, "match color:\n        case Color.|"))
    assert cases.names == {"RED", "GREEN"}
    types = await analyser.types(*source(project, "other: |"))
    assert {"Order", "Price", "int", "None"} <= types.names
    assert "cents" not in types.names


async def test_of_many_questions_the_newest_is_answered(
    analyser: HostAnalyser, project: Path
) -> None:
    await answered(analyser, project)
    texts = [MODULE + f"# {number}\n" for number in range(8)]
    questions = [analyser.members(*source(project, "order.|", text)) for text in texts]
    answers = await asyncio.gather(*questions)
    assert own(answers[-1]) == {"price", "count", "total"}
    assert {names.reason for names in answers[:-1] if not names.names} == {"superseded"}


async def test_a_killed_host_leaves_no_server_and_comes_back(
    analyser: HostAnalyser, project: Path
) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    assert servers
    os.kill(host, signal.SIGKILL)
    await until(lambda: not any(map(lives, (host, *servers))))
    await answered(analyser, project)


async def test_a_killed_server_comes_back(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    os.kill(servers[0], signal.SIGKILL)
    await until(lambda: not lives(servers[0]))
    await answered(analyser, project)
    assert (await processes(analyser))[0] == host


async def test_a_stopped_host_is_replaced(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    os.kill(host, signal.SIGSTOP)
    assert not (await analyser.members(*source(project, "order.|"))).names
    await answered(analyser, project)
    await until(lambda: not any(map(lives, (host, *servers))))


async def test_closing_leaves_no_process(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    await analyser.aclose()
    assert not lives(host)
    await until(lambda: not any(map(lives, servers)))
    assert analyser.phase is HostPhase.CLOSED


async def test_the_host_ends_when_its_other_side_is_killed(
    environment: AnalysisEnvironment, project: Path
) -> None:
    """A window that crashes leaves nothing behind."""
    path = project / "shop" / "orders.py"
    program = f"""
import asyncio, json, pathlib
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.types import Source

async def main():
    environment = AnalysisEnvironment(pathlib.Path({str(environment.folder.parent)!r}))
    analyser = HostAnalyser(InstalledHost(environment, print), [])
    source = Source(pathlib.Path({str(path)!r}), "python", "''.")
    await analyser.members(source, 3)
    status = await analyser.status()
    servers = [pid for each in status["host"]["analysers"] for pid in each["processes"]]
    print(json.dumps([status["host"]["process"], *servers]), flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""
    window = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert window.stdout is not None
    async with asyncio.timeout(60):
        pids = [int(pid) for pid in (await window.stdout.readline()).strip(b"[]\n").split(b",")]
    assert len(pids) >= 2
    window.kill()
    await window.wait()
    await until(lambda: not any(map(lives, pids)))


def with_package(folder: Path, package: str) -> Path:
    """Make a project with a virtual environment that has one package."""
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages" / package
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text(f"class Thing:\n    of_{package}: int\n")
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    return folder


async def test_folders_that_come_and_go_bring_and_take_their_environments(
    environment: AnalysisEnvironment, tmp_path: Path
) -> None:
    one, two = (with_package(tmp_path / name, name) for name in ("one", "two"))
    launch = InstalledHost(environment, progress=lambda _line: None)
    analyser = HostAnalyser(launch, [one], timing=TIMING)

    async def members_of(folder: Path, package: str) -> set[str]:
        text = f"import {package}\nthing = {package}.Thing()\nthing."
        return own(await analyser.members(Source(folder / "a.py", "python", text), len(text)))

    try:
        assert await members_of(one, "one") == {"of_one"}
        before = await processes(analyser)
        analyser.use_folders([one, two])
        assert await members_of(two, "two") == {"of_two"}
        assert await members_of(two, "one") == set()
        assert await members_of(one, "one") == {"of_one"}
        analyser.use_folders([two])
        assert await members_of(two, "two") == {"of_two"}
        assert await processes(analyser) == before, "nothing was started anew"
    finally:
        await analyser.aclose()


async def test_a_document_that_was_never_saved_sees_its_folder(
    analyser: HostAnalyser, project: Path
) -> None:
    text = "from shop.prices import Price\nfrom thirdparty import |\n\nPrice()."
    document = Document("untitled:Untitled-1", "python", 1, text.replace("|", ""))
    path = DocumentPaths([project]).of(document)
    assert path is not None
    unsaved = Source(path, "python", document.text)
    analyser.open(unsaved)
    assert own(await analyser.members(unsaved, len(document.text))) == {"cents", "currency"}
    names = await analyser.importable(unsaved, text.index("|"))
    assert own(names) == {"third_function", "third_value"}
    assert not path.exists()
