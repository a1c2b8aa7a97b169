"""Asking about sites: what is counted, and that one workspace is worked in at a time."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from evaluation.errors import CannotMeasureError
from evaluation.members.arms import AnalyserArm, MonitorsArm, Reply
from evaluation.members.asked_summary import RARE, rows_of
from evaluation.members.asking import AskedRecord, asking_desks, elsewhere
from evaluation.members.desks import DeskMeter
from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace
from monitors.types import Answer, Names, Signature, Site, SiteKind, Source
from tests.unit.evaluation.members.little_packages import SHOP, STORE, one_site


@dataclass
class KnowingArm:
    """Says what it was told to say, and writes down what it hears."""

    reply_with: Reply
    heard: list[str] = field(default_factory=list)

    def open(self, source: Source) -> None:
        self.heard.append(f"open {source.path.name}")

    def change(self, source: Source) -> None:
        self.heard.append(f"change {source.path.name}")

    def close(self, path: Path) -> None:
        self.heard.append(f"close {path.name}")

    async def reply(self, site: NameSite, source: Source) -> Reply:
        assert source.text == site.text
        self.heard.append("ask")
        return self.reply_with

    async def settle(self) -> None:
        self.heard.append("settle")

    async def aclose(self) -> None:
        self.heard.append("stop")


class TellingAnalyser:
    """Knows three members, one name to import, and a signature."""

    def __init__(self, signature: Signature | None = None) -> None:
        self.signature_is = signature

    def open(self, source: Source) -> None: ...
    def change(self, source: Source) -> None: ...
    def close(self, path: Path) -> None: ...
    async def aclose(self) -> None: ...

    async def members(self, source: Source, offset: int) -> Names:
        assert source.text[offset - 1] == "."
        return Names(frozenset({"books", "title", "sell"}), "telling")

    async def importable(self, source: Source, offset: int) -> Names:
        assert source.text[:offset].endswith("import ")
        return Names(frozenset(), "telling", reason="unknown module")

    async def types(self, source: Source, offset: int) -> Names:
        raise NotImplementedError

    async def cases(self, source: Source, offset: int) -> Names:
        raise NotImplementedError

    async def signature(self, _source: Source, _offset: int) -> Signature | None:
        return self.signature_is


KNOWN = Reply(3, has_truth=True, analyser="made-up", ms=4.0)


@pytest.fixture
def workspaces(tmp_path: Path) -> Mapping[str, Workspace]:
    for folder in ("shop", "fair"):
        for name, text in (("front.py", SHOP), ("store.py", STORE)):
            place = tmp_path / folder / "shop" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    titles = {"shop 2.0": "shop", "fair 2.0": "fair"}
    return {
        title: Workspace(title, "python", tmp_path / folder, None)
        for title, folder in titles.items()
    }


def _measure(
    arm: KnowingArm, workspaces: Mapping[str, Workspace], *sites: NameSite
) -> list[AskedRecord]:
    def start(_workspace: Workspace) -> dict[str, KnowingArm]:
        arm.heard.append("start")
        return {"analyser": arm}

    desks = asking_desks(start, budget_ms=50)
    with DeskMeter(workspaces, desks) as meter:
        return [meter.measure(site) for site in sites]


def test_a_document_is_read_before_it_is_asked_about(workspaces: Mapping[str, Workspace]) -> None:
    """Without its line, and asked somewhere else; then the line is there, and time counts."""
    arm = KnowingArm(KNOWN)
    records = _measure(arm, workspaces, one_site(), one_site(name="enqueue"))
    first, second = (
        [f"{how} front.py", "ask", "settle", "change front.py", "ask"] for how in ("open", "change")
    )
    assert arm.heard == ["start", *first, *second, "stop"]
    assert records[0].arms["analyser"] == {
        "answered": 1.0,
        "replied": 1.0,
        "covered": 1.0,
        "missed": 0.0,
        "excluded_truth": 0.0,
        "texts": 3.0,
        "ms": 4.0,
    }


def test_only_one_workspace_is_worked_in(workspaces: Mapping[str, Workspace]) -> None:
    arm, site = KnowingArm(KNOWN), one_site()
    _measure(arm, workspaces, site, replace(site, package="fair 2.0"), site)
    assert arm.heard.count("start") == arm.heard.count("stop") == 3
    assert [word for word in arm.heard if word in ("start", "stop")] == ["start", "stop"] * 3


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replace(KNOWN, has_truth=False), {"covered": 1.0, "missed": 1.0, "excluded_truth": 1.0}),
        (
            replace(KNOWN, has_truth=False, ms=51.0),
            {"covered": 0.0, "missed": 1.0, "excluded_truth": 0.0},
        ),
        (
            replace(KNOWN, num_texts=0),
            {"answered": 0.0, "replied": 1.0, "covered": 0.0, "missed": 0.0},
        ),
        (replace(KNOWN, num_texts=0, ms=51.0), {"replied": 0.0}),
        (replace(KNOWN, num_texts=0, is_conclusive=False), {"answered": 0.0, "replied": 0.0}),
    ],
)
def test_an_answer_counts_within_the_budget(
    workspaces: Mapping[str, Workspace], reply: Reply, expected: Mapping[str, float]
) -> None:
    (record,) = _measure(KnowingArm(reply), workspaces, one_site())
    assert expected.items() <= record.arms["analyser"].items()


def test_a_file_that_is_not_installed_cannot_be_measured(
    workspaces: Mapping[str, Workspace],
) -> None:
    site = replace(one_site(), path="shop/missing.py")
    arm = KnowingArm(KNOWN)
    with pytest.raises(CannotMeasureError, match=r"shop/missing\.py"):
        _measure(arm, workspaces, site)
    assert arm.heard[-1] == "stop"


def test_elsewhere_is_a_dereference_outside_of_the_line() -> None:
    site = one_site()
    other = elsewhere(site)
    assert other.before.endswith("self.")
    assert "books = self." not in other.text
    assert (other.text + "\n").count("\n") == SHOP.count("\n")


async def test_an_analyser_is_taken_at_its_word() -> None:
    arm = AnalyserArm(TellingAnalyser())
    site = one_site()
    reply = await arm.reply(site, _source(site))
    assert (reply.num_texts, reply.has_truth, reply.analyser) == (3, True, "telling")
    other = one_site(name="enqueue")
    assert not (await arm.reply(other, _source(other))).has_truth
    imported = one_site("import", "OrderStore")
    assert (await arm.reply(imported, _source(imported))).reason == "unknown module"


@pytest.mark.parametrize(
    ("signature", "num_texts"),
    [
        (Signature(frozenset({"retries", "order"}), False, None), 2),
        (Signature(frozenset({"order"}), True, None), 0),
        (None, 0),
    ],
)
async def test_keywords_come_from_the_signature(
    signature: Signature | None, num_texts: int
) -> None:
    """A call that takes any keyword forbids none."""
    site = one_site("keyword", "retries")
    reply = await AnalyserArm(TellingAnalyser(signature)).reply(site, _source(site))
    assert reply.num_texts == num_texts
    assert reply.is_conclusive


async def test_an_analyser_that_is_not_there_says_nothing_conclusive() -> None:
    class Gone(TellingAnalyser):
        async def members(self, source: Source, offset: int) -> Names:  # noqa: ARG002
            return Names(frozenset(), reason="python failed")

    site = one_site()
    assert not (await AnalyserArm(Gone()).reply(site, _source(site))).is_conclusive


class OneSiteWatch:
    """Sees a member at the cursor, of which there are two."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def sites(self, written: str) -> list[Site]:
        later = Site(SiteKind.MEMBER, self._offset + 6, "x", is_ended=True)
        return [Site(SiteKind.MEMBER, self._offset, written[:5], is_ended=True), later]

    async def ask(self, site: Site, _written: str) -> Answer:
        await asyncio.sleep(0)
        return Answer(site, frozenset({"books", "title"}), "telling")


class OneSiteMonitors(KnowingArm):
    def watch(self, source: Source, offset: int) -> OneSiteWatch | None:
        return OneSiteWatch(offset) if source.language == "python" else None


async def test_monitors_are_asked_about_the_site_at_the_cursor() -> None:
    arm, site = MonitorsArm(OneSiteMonitors(KNOWN)), one_site()
    reply = await arm.reply(site, _source(site))
    assert (reply.num_texts, reply.has_truth, reply.analyser) == (2, True, "telling")
    other = replace(site, name="bookz")
    assert not (await arm.reply(other, _source(other))).has_truth
    unwatched = await arm.reply(site, replace(_source(site), language="cobol"))
    assert (unwatched.num_texts, unwatched.reason) == (0, "no site seen")
    assert not unwatched.is_conclusive
    assert reply.is_conclusive


def test_rows_say_what_is_covered_and_excluded() -> None:
    """Shares of exclusion are taken over the answers, and rare names are kinds of their own."""
    figures = {
        "answered": 1.0,
        "replied": 1.0,
        "covered": 1.0,
        "missed": 0.0,
        "excluded_truth": 0.0,
        "ms": 5.0,
    }
    none = dict.fromkeys(figures, 0.0) | {"ms": 70.0}
    wrong = figures | {"missed": 1.0, "excluded_truth": 1.0}
    records = [
        AskedRecord(
            str(i), "python/member", f"p{i % 2}", "x", i == 2, 1.0, {"monitors": each}, {}, {}
        )
        for i, each in enumerate([figures, none, wrong, figures])
    ]
    rows = {(row.kind, row.metric): row for row in rows_of(records, 0, {"budget_ms": 50})}
    assert rows["python/member", "covered"].value == 0.75
    assert rows["python/member", "excluded_truth"].value == pytest.approx(1 / 3)
    assert rows["python/member", "ms"].value == 5.0
    assert rows["python/member", "p95_ms"].value == 70.0
    assert rows["python/member" + RARE, "excluded_truth"].value == 1.0
    assert rows["python/member", "covered"].params["budget_ms"] == 50


def _source(site: NameSite) -> Source:
    return Source(Path("/shop") / site.path, site.language, site.text)


async def test_monitors_read_ahead_what_is_open_unless_they_are_to_be_cold() -> None:
    class Reading(OneSiteMonitors):
        def reading(self, source: Source, offset: int) -> Iterator[None]:
            assert offset == len(source.text)
            self.heard.append("read")
            yield

    async def settle() -> None:
        monitors.heard.append("analyser settled")

    monitors, site = Reading(KNOWN), one_site()
    cold, warm = MonitorsArm(monitors), MonitorsArm(monitors, settle=settle)
    for arm in (cold, warm):
        arm.open(_source(site))
        await arm.settle()
    assert monitors.heard == ["open front.py", "open front.py", "read", "analyser settled"]
