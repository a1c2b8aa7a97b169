"""What holds for the sites of every text, however broken, and however it arrives."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitors.guard import Guard
from monitors.languages import WATCHED, scanner_for
from monitors.types import Site, Source
from tests.unit.monitors.fakes import FakeAnalyser
from tests.unit.monitors.marked import shown

LANGUAGES = st.sampled_from(sorted(WATCHED))
PIECES = st.sampled_from(
    [
        *("a", "b.c", "self.", "this.x", "f(", "(", ")", "[", "]", "{", "}", ",", "=", "==", ":"),
        *(".", "..", "...", "->", "::", "?.", "'", '"', '"""', "`", "${", 'f"', "f'''", "{x", "!r"),
        *("\n", "\r\n", " ", "\t", "\\", "\\\n", "#", "//", "/*", "*/", "/", "<", ">", "</", "/>"),
        *("import ", "from ", " as ", "export ", "type ", "case ", "match ", "new ", "return "),
        *("def f(", "class A:", "if x:", "lambda ", "for ", " in ", "async ", "else", "const "),
        *(
            "1",
            "1.",
            ".5",
            "1e",
            "5",
            "0x",
            "*",
            "**",
            "+",
            "+=",
            "-",
            "!",
            "=>",
            ";",
            "ä",
            "é",
            "🙂",
        ),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)


def from_scratch(language: str, before: str, written: str) -> tuple[Site, ...]:
    """Find the sites of all the text, and leave out what stands before the cursor."""
    scanner = scanner_for(language)
    found = scanner.sites(before + written)
    return tuple(site for site in found if _is_open(site, len(before)))


def _is_open(site: Site, cursor: int) -> bool:
    if site.is_ahead:
        return site.start > cursor
    return not site.is_ended or site.start + len(site.name) > cursor


@settings(max_examples=120)
@given(LANGUAGES, TEXTS, TEXTS, st.lists(st.integers(0, 200), max_size=8))
@example("c", "self.\\\n", "a", [])
@example("python", "x = self.\\\r\n", "a", [])
def test_it_does_not_matter_in_which_pieces_a_text_arrives(
    language: str, before: str, written: str, cuts: list[int]
) -> None:
    source = Source(Path("/file"), language, before + "\nrest")
    watch = Guard(FakeAnalyser()).watch(source, len(before))
    assert watch is not None
    for cut in [*sorted(cuts), len(written)]:
        part = written[:cut]
        assert tuple(watch.sites(part)) == from_scratch(language, before, part)


@settings(max_examples=120)
@given(LANGUAGES, TEXTS)
def test_sites_lie_in_order_and_never_overlap(language: str, text: str) -> None:
    sites = from_scratch(language, "", text)
    stops = [0, *(site.start + len(site.name) for site in sites)]
    assert all(stop <= site.start for stop, site in zip(stops, sites, strict=False))
    for stop, site in zip(stops[1:], sites, strict=True):
        assert site.is_ended or site.is_ahead or stop == len(text)


@settings(max_examples=30)
@given(LANGUAGES, TEXTS, TEXTS, TEXTS)
def test_candidates_that_take_turns_do_not_disturb_each_other(
    language: str, before: str, one: str, other: str
) -> None:
    watch = Guard(FakeAnalyser()).watch(Source(Path("/file"), language, before), len(before))
    assert watch is not None
    for cut in range(0, max(len(one), len(other)) + 1, 3):
        for written in (one[:cut], other[:cut]):
            assert tuple(watch.sites(written)) == from_scratch(language, before, written)


@pytest.mark.parametrize("language", sorted(WATCHED))
def test_a_long_document_is_read_from_near_the_cursor(language: str) -> None:
    """Its checkpoints are made, kept and dropped, and the sites stay the same."""
    line = "x = f(a.b, c)" + ("\n" if language == "python" else ";\n")
    head = "def g():\n    return a\n" if language == "python" else "void g() {\n  return a;\n}\n"
    document = (head + line * 20) * 120
    guard = Guard(FakeAnalyser())
    for cursor in (len(document), 9_000, 100, 30_001, len(document) - 7):
        document = document[:5_000] + "y = 1\n" * (cursor == 100) + document[5_000:]
        watch = guard.watch(Source(Path("/file"), language, document), cursor)
        assert watch is not None
        assert tuple(watch.sites("q.r ")) == from_scratch(language, document[:cursor], "q.r ")


@pytest.mark.parametrize("language", sorted(WATCHED))
def test_an_edit_far_above_the_cursor_counts(language: str) -> None:
    guard = Guard(FakeAnalyser())
    head, rest = "x = a.b;\n" * 600, "x = c.d;\n" * 600
    opened = '"""' if language == "python" else "/*"
    for between, num_sites in (("", 1), (opened, 0), ("", 1)):
        document = head + between + rest
        watch = guard.watch(Source(Path("/file"), language, document), len(document))
        assert watch is not None
        assert len(watch.sites("x = q.r ")) == num_sites


def test_a_call_that_began_long_before_is_still_known() -> None:
    document = "f(a, () => {\n" + "  x = y.z;\n" * 900 + "}, "
    watch = Guard(FakeAnalyser()).watch(
        Source(Path("/file"), "typescript", document), len(document)
    )
    assert watch is not None
    assert shown(watch.sites("b, c)"))[-1] == "arity f>, c"


@pytest.mark.parametrize("language", sorted(WATCHED))
def test_what_is_read_ahead_is_read_in_small_steps(language: str) -> None:
    """None of them reads much of a text, and what is left to a watch is little too."""
    line = "x = f(a.b, c)" + ("\n" if language == "python" else ";\n")
    source = Source(Path("/file"), language, line * 1_500)
    guard, end = Guard(FakeAnalyser()), len(source.text)
    assert len(list(guard.reading(source, end))) > end / 5_000
    assert not list(guard.reading(source, end))
    assert not list(guard.reading(source, end // 2))
    watch = guard.watch(source, end)
    assert watch is not None
    assert tuple(watch.sites("q.r ")) == from_scratch(language, source.text, "q.r ")


@settings(max_examples=30)
@given(LANGUAGES, TEXTS, TEXTS, TEXTS)
def test_a_reading_ends_when_another_text_is_read(
    language: str, above: str, old: str, new: str
) -> None:
    guard = Guard(FakeAnalyser())
    before = Source(Path("/file"), language, above * 60 + old * 60)
    after = Source(Path("/file"), language, above * 60 + new * 60 + "\n")
    reading = guard.reading(before, len(before.text))
    next(reading, None)
    text = after.text[: len(after.text) * 2 // 3]
    for _ in range(2):
        watch = guard.watch(after, len(text))
        assert watch is not None
        assert tuple(watch.sites("q.r ")) == from_scratch(language, text, "q.r ")
        assert not list(reading)


def test_other_languages_are_not_read() -> None:
    assert not list(Guard(FakeAnalyser()).reading(Source(Path("/file"), "cobol", "x\n" * 9_999), 9))
