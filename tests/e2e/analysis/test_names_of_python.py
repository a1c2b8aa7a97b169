"""What the analysis host knows of a project in Python, with ty in it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.types import Source
from tests.e2e.analysis.shop import MODULE, PRICES, answered, own, source

pytestmark = pytest.mark.e2e


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
