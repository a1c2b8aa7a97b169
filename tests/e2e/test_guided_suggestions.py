"""Suggestions with the real analysers, over an engine that would rather write other names."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, Suggestion
from engine.protocol.messages import ModelDescription
from tests.unit.completion.fakes import description, small_tokenizer
from tests.unit.completion.guided import ObedientEngine
from warmline.analysis import Analysis, analysis_environment

pytestmark = pytest.mark.e2e

SHOP = """\
from dataclasses import dataclass


@dataclass
class Basket:
    owner: str
    weights_kg: list[float]

    def heaviest_kg(self) -> float:
        return max(self.weights_kg)


def describe(basket: Basket, *, with_owner: bool = True) -> str:
    |
"""
SETTINGS = CompletionSettings(
    heal_words=False,  # the scripts say what comes after the cursor
    context_tokens=0,
    prepare_next=False,
    multi_line=False,
    analysis_timeout_ms=30_000,
)


@pytest.fixture
def model(tmp_path: Path) -> ModelDescription:
    folder = tmp_path / "model"
    folder.mkdir()
    small_tokenizer().save(str(folder / "tokenizer.json"))
    return description(folder)


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


@pytest.fixture
async def completer(tmp_path: Path, engine: ObedientEngine) -> AsyncIterator[Completer]:
    if not analysis_environment().is_ready():
        pytest.skip("the analysers are not installed: run `make analysers`")
    analysis = Analysis((tmp_path,), "", may_install=False)
    completer = Completer(engine, SETTINGS, "shop", monitors=analysis.monitors)
    yield completer
    await completer.aclose()


async def suggestion(
    completer: Completer, engine: ObedientEngine, folder: Path, line: str, *texts: str
) -> Suggestion:
    """Ask at the end of `line`, in a file that is not saved, for an engine that likes `texts`."""
    before, _, after = SHOP.partition("|")
    document = Document((folder / "shop.py").as_uri(), "python", 1, before + line + after)
    engine.texts = [texts]
    completer.open(document)
    options = CompletionOptions(is_invoked=True)
    return await completer.complete(document.name, len(before + line), options)


@pytest.mark.parametrize(
    "case",
    [
        ("return ", "basket.weight", "basket.weights_kg"),
        ("return basket.", "weight", "weights_kg"),
        ("return basket.he", "aviest", "aviest_kg()"),
        ("return ", "describe(basket, with_owners=True)", "describe(basket, with_owner=True)"),
        ("from dataclasses import ", "dataklass", "dataclass"),
    ],
)
async def test_what_the_code_base_does_not_have_is_not_offered(
    completer: Completer,
    engine: ObedientEngine,
    tmp_path: Path,
    case: tuple[str, str, str],
) -> None:
    line, wrong, right = case
    answer = await suggestion(completer, engine, tmp_path, line, wrong, right)
    assert answer.text == right, answer.guidance


async def test_what_it_has_costs_no_second_request(
    completer: Completer, engine: ObedientEngine, tmp_path: Path
) -> None:
    text = "basket.owner + str(basket.heaviest_kg())"
    answer = await suggestion(completer, engine, tmp_path, "return ", text)
    assert answer.text == text
    assert len(engine.requests) == 1
    report = answer.guidance
    assert (report.num_sites, report.num_answered, report.vetoes) == (2, 2, ())


async def test_a_name_that_is_only_in_the_editor_is_known(
    completer: Completer, engine: ObedientEngine, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text("# nothing of it is saved\n", encoding="utf-8")
    first = await suggestion(completer, engine, tmp_path, "return basket.", "price", "owner")
    assert first.text == "owner"
    name = (tmp_path / "shop.py").as_uri()
    opened = completer.documents[name]
    text = opened.text.replace("owner: str\n", "owner: str\n    price: int\n")
    completer.change(replace(opened, text=text, version=2), None)
    engine.texts = [["price", "owner"]]
    offset = text.index("return basket.") + len("return basket.")
    second = await completer.complete(name, offset, CompletionOptions(is_invoked=True))
    assert second.text == "price"
