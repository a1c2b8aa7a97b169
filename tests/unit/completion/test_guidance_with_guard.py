"""Real monitors over an analyser that knows one class: what they forbid is not offered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from completion.document import Document
from completion.types import CompletionOptions, Suggestion
from engine.protocol.messages import ModelDescription
from monitors.guard import Guard
from monitors.types import Names, Signature, SiteKind, Source
from tests.unit.completion.fakes import NAME, completer_on
from tests.unit.completion.guided import ObedientEngine

START = "import os\n\n\ndef weigh(basket, *, unit='kg'):\n    "
MEMBERS = {"basket": {"weight", "weigh_fruit", "owner"}, "os": {"path", "sep"}}
CALL = Signature(frozenset({"unit", "digits"}), takes_any_keyword=False, most_positional=2)


@dataclass
class Analyser:
    """Knows members by the name before the dot, modules, and the one call there is."""

    names: Mapping[str, set[str]] = field(default_factory=lambda: MEMBERS)

    def open(self, source: Source) -> None:
        pass

    def change(self, source: Source) -> None:
        pass

    def close(self, path: Path) -> None:
        pass

    async def members(self, source: Source, offset: int) -> Names:
        receiver = source.text[:offset].rstrip(".").split()[-1].split("(")[-1]
        return self._named(self.names.get(receiver, set()))

    async def importable(self, source: Source, offset: int) -> Names:
        is_name = "from " in source.text[source.text.rfind("\n", 0, offset) + 1 : offset]
        return self._named({"path", "sep"} if is_name else {"os", "json"})

    async def types(self, source: Source, offset: int) -> Names:
        raise NotImplementedError

    async def cases(self, source: Source, offset: int) -> Names:
        raise NotImplementedError

    async def signature(self, source: Source, offset: int) -> Signature | None:
        return CALL if source.text[:offset].endswith("weigh(") else None

    async def aclose(self) -> None:
        pass

    def _named(self, names: set[str]) -> Names:
        return Names(frozenset(names), "known", 1.0, "" if names else "not known")


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


async def suggestion(engine: ObedientEngine, line: str, *texts: str) -> Suggestion:
    """Ask at the mark in `line`, for an engine that likes `texts` in this order."""
    before, _, after = line.partition("|")
    start = "" if before.startswith(("import", "from")) else START
    document = Document(NAME, "python", 1, f"{start}{before}{after}\n")
    engine.texts = [texts]
    completer = completer_on(engine, document, monitors=Guard(Analyser()))
    options = CompletionOptions(is_invoked=True)
    return await completer.complete(NAME, len(start) + len(before), options)


@pytest.mark.parametrize("size", [1, 4, 50])
@pytest.mark.parametrize(
    ("line", "wrong", "right"),
    [
        ("return |", "basket.mass + 1", "basket.weight + 1"),
        ("return |", "basket.weighted + 1", "basket.weight + 1"),
        ("return basket.|", "mass() + 1", "weigh_fruit() + 1"),
        ("return basket.we|", "b", "igh_fruit()"),
        ("return |", "weigh(basket, units='g')", "weigh(basket, unit='g')"),
        ("return |", "weigh(basket, 1, 2)", "weigh(basket, 1, digits=2)"),
        ("return weigh(|)", "basket.mass", "basket.weight"),
        ("import |", "jsn", "json"),
        ("from os import |", "paths", "path"),
        ("print(|)", "os.pth, basket.mass", "os.path, basket.owner"),
    ],
)
async def test_what_does_not_exist_is_replaced(
    engine: ObedientEngine, line: str, wrong: str, right: str, size: int
) -> None:
    engine.cut = lambda data: [data[at : at + size] for at in range(0, len(data), size)]
    better = right.replace("basket.owner", "basket.mass")
    answer = await suggestion(engine, line, wrong, better, right)
    assert answer.text == right
    assert answer.guidance.vetoes or answer.guidance.is_constrained


@pytest.mark.parametrize(
    "text",
    [
        "basket.mass = 1",
        "basket.weight = basket.owner",
        "other.anything()",
        "weigh(*baskets, 1, 2, 3)",
        "weigh(basket, digits=2)",
        "x = [each.mass for each in basket.weight]",
    ],
)
async def test_what_exists_or_is_defined_or_unknown_stays(
    engine: ObedientEngine, text: str
) -> None:
    answer = await suggestion(engine, "|", text)
    assert answer.text == text
    assert answer.guidance.vetoes == ()
    assert len(engine.requests) == 1


async def test_what_the_user_has_typed_wrong_is_no_reason_to_be_silent(
    engine: ObedientEngine,
) -> None:
    answer = await suggestion(engine, "return basket.mas|", "s + 1")
    assert answer.text == "s + 1"


async def test_a_veto_names_who_and_what(engine: ObedientEngine) -> None:
    answer = await suggestion(engine, "return |", "weigh(basket, units=1)", "weigh(basket, unit=1)")
    (veto,) = answer.guidance.vetoes
    assert (veto.kind, veto.receiver) == (SiteKind.KEYWORD, "weigh")
    assert (veto.name, veto.instead) == ("units=", "unit=")
