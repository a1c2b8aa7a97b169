"""A guard over an analyser: what is asked, about which text, how often, and in what order."""

import asyncio
from pathlib import Path

import pytest

from monitors.guard import DocumentWatch, Guard
from monitors.memory import MOST_KEPT
from monitors.types import Answer, Signature, Site, Source
from tests.unit.monitors.fakes import FakeAnalyser
from tests.unit.monitors.marked import watch_at


def last_site(watch: DocumentWatch, written: str) -> Site:
    return watch.sites(written)[-1]


async def answers(watch: DocumentWatch, written: str) -> list[Answer]:
    return [await watch.ask(site, written) for site in watch.sites(written)]


async def test_the_analyser_sees_what_is_written_up_to_the_name_and_what_follows() -> None:
    analyser = FakeAnalyser(["open"])
    watch = watch_at("python", "import x\nx.o¦\nrest", analyser)
    [answer] = await answers(watch, "pe(")
    assert analyser.questions == [("members", "import x\nx.¦\nrest")]
    assert answer.texts >= {"open"}


@pytest.mark.parametrize(
    ("language", "marked", "written", "question"),
    [
        ("python", "import ¦", "os", ("importable", "import ¦")),
        ("python", "from os import ¦", "path", ("importable", "from os import ¦")),
        ("java", "x = ¦", "new A(", ("types", "x = new ¦")),
        ("java", "case ¦", "RED:", ("cases", "case ¦")),
        ("python", "x = f(¦", "a, b=1", ("signature", "x = f(¦)")),
        ("python", "if x:\n  y = f(¦", "a.g(b, c=1", ("signature", "if x:\n  a.g(¦)\n")),
        (
            "typescript",
            "¦;\nrest",
            "import { a } from 'x'",
            ("importable", "import { ¦ } from 'x';\n;\nrest"),
        ),
    ],
)
async def test_each_kind_of_name_is_a_question_of_its_own(
    language: str, marked: str, written: str, question: tuple[str, str]
) -> None:
    analyser = FakeAnalyser(["a"])
    watch = watch_at(language, marked, analyser)
    await answers(watch, written)
    assert question in analyser.questions


async def test_a_place_is_asked_about_once_however_much_of_the_name_is_written() -> None:
    analyser = FakeAnalyser(["open"])
    watch = watch_at("python", "y = ¦", analyser)
    for written in ("x.", "x.o", "x.op", "x.open()"):
        await watch.ask(last_site(watch, written), written)
    assert len(analyser.questions) == 1


async def test_the_same_place_after_other_words_is_another_question() -> None:
    analyser = FakeAnalyser(["open"])
    watch = watch_at("python", "y = ¦", analyser)
    for written in ("a.", "b."):
        await watch.ask(last_site(watch, written), written)
    assert [text for _, text in analyser.questions] == ["y = a.¦", "y = b.¦"]


async def test_a_call_is_asked_about_once_for_all_its_arguments() -> None:
    call = Signature(frozenset("cd"), takes_any_keyword=False, most_positional=2)
    analyser = FakeAnalyser(call=call)
    watch = watch_at("python", "f(¦", analyser)
    written = "1, 2, 3, c=4, e=5)"
    allowed = [
        answer.allows(answer.site.name, is_ended=True) for answer in await answers(watch, written)
    ]
    assert allowed == [True, False, True, False]
    assert len(analyser.questions) == 1


async def test_questions_of_one_watch_are_asked_one_after_another() -> None:
    """A newer question about a document ends the older ones."""
    analyser = FakeAnalyser(["a"])
    analyser.may_answer.clear()
    watch = watch_at("python", "¦", analyser)
    written = "x = a.b + c.d + f(g=1)"
    asking = [asyncio.create_task(watch.ask(site, written)) for site in watch.sites(written)]
    for _ in range(10):  # turns of the loop, in which all of them could begin
        await asyncio.sleep(0)
    analyser.may_answer.set()
    await asyncio.gather(*asking)
    assert (analyser.most_running, len(analyser.questions)) == (1, 3)


async def test_a_question_nobody_waits_for_is_given_up_and_may_be_asked_again() -> None:
    analyser = FakeAnalyser(["open"])
    analyser.may_answer.clear()
    watch = watch_at("python", "y = x.¦", analyser)
    site = last_site(watch, "")
    first, second = (asyncio.create_task(watch.ask(site, "")) for _ in range(2))
    await analyser.has_begun.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (analyser.num_running, analyser.num_cancelled) == (1, 0)  # the second one waits
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    await analyser.has_ended.wait()
    assert analyser.num_cancelled == 1
    analyser.may_answer.set()
    assert (await watch.ask(site, "")).texts >= {"open"}


async def test_a_language_without_monitors_is_not_watched() -> None:
    source = Source(Path("/file"), "haskell", "x.y")
    assert Guard(FakeAnalyser()).watch(source, 2) is None


async def test_documents_are_passed_on_to_the_analyser() -> None:
    analyser = FakeAnalyser()
    guard = Guard(analyser)
    source = Source(Path("/file"), "python", "x.y")
    guard.open(source)
    guard.change(source)
    assert guard.watch(source, 3) is not None
    guard.close(source.path)
    await guard.aclose()
    assert [note for note, _ in analyser.notes] == ["open", "change", "close", "aclose"]


def source_of(text: str, name: str = "a.py") -> Source:
    return Source(Path("/w") / name, "python", text)


async def asked_at(guard: Guard, before: str, written: str) -> Answer:
    watch = guard.watch(source_of(before), len(before))
    assert watch is not None
    return await watch.ask(watch.sites(written)[-1], written)


async def test_whoever_goes_on_with_the_text_asks_nothing_twice() -> None:
    analyser = FakeAnalyser(["open"])
    guard = Guard(analyser)
    first = await asked_at(guard, "y = ", "x.op")
    guard.change(source_of("y = x."))
    again = await asked_at(guard, "y = x.", "o")
    assert again.texts == first.texts
    assert len(analyser.questions) == 1


async def test_a_question_on_its_way_is_shared_and_outlives_who_asked_it_first() -> None:
    analyser = FakeAnalyser(["open"])
    analyser.may_answer.clear()
    guard = Guard(analyser)
    first = asyncio.create_task(asked_at(guard, "y = ", "x."))
    await analyser.has_begun.wait()
    second = asyncio.create_task(asked_at(guard, "y = x", "."))
    await asyncio.sleep(0)
    first.cancel()
    analyser.may_answer.set()
    assert "open" in (await second).texts
    assert len(analyser.questions) == 1


@pytest.mark.parametrize("change", ["another", "closed"])
async def test_what_was_said_counts_until_another_document_changes(change: str) -> None:
    analyser = FakeAnalyser(["open"])
    guard = Guard(analyser)
    await asked_at(guard, "y = ", "x.")
    if change == "another":
        guard.change(source_of("", "b.py"))
    else:
        guard.close(Path("/w/b.py"))
    await asked_at(guard, "y = ", "x.")
    assert len(analyser.questions) == 2


async def test_what_was_not_known_is_asked_again() -> None:
    analyser = FakeAnalyser(reason="still reading")
    guard = Guard(analyser)
    for _ in range(2):
        await asked_at(guard, "y = ", "x.")
    assert len(analyser.questions) == 2


async def test_answers_are_forgotten_after_a_while_and_the_oldest_of_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analyser = FakeAnalyser(["open"])
    guard = Guard(analyser)
    for number in range(MOST_KEPT + 1):
        await asked_at(guard, "y = ", f"x{number}.")
    await asked_at(guard, "y = ", "x0.")
    assert len(analyser.questions) == MOST_KEPT + 2
    await asked_at(guard, "y = ", "x1.")
    assert len(analyser.questions) == MOST_KEPT + 3
    monkeypatch.setattr("monitors.memory.KEPT_S", 0.0)
    await asked_at(guard, "y = ", "x1.")
    assert len(analyser.questions) == MOST_KEPT + 4
