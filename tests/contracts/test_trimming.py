"""Whatever was learned about clean suggestions, as cases with a cursor mark."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.candidates import Drafts, for_document
from completion.syntax import place_at
from completion.trimming import complete_text, trim, uses_crlf
from completion.types import EmptyReason
from completion.wholeness import whole_part
from engine.protocol.messages import Finished, FinishReason, Piece

CASES_FILE = Path(__file__).parents[1] / "data" / "completion_cases.md"
CURSOR = "█"
CASE = re.compile(
    r"^## (?P<title>.+)\n\n~~~(?P<language>\w+)\n(?P<code>(?s:.*?)\n)~~~\n\n"
    r"(?:~~~chosen\n(?P<chosen>.*)\n~~~\n\n)?"
    r"~~~writes(?P<cut> cut)?\n(?P<writes>(?s:.*?))\n~~~\n\n"
    r"(?:~~~inserts\n(?P<inserts>(?s:.*?))\n~~~|gives: (?P<reason>[\w-]+))$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Case:
    title: str
    language: str
    code: str
    chosen: str | None
    writes: str
    cut: str | None
    inserts: str | None
    reason: str | None

    def inserted(
        self, newline: str, piece_bytes: int = 1_000_000
    ) -> tuple[str, EmptyReason | None]:
        """Return what comes of it in a document with these line ends, and why if nothing."""
        before, after = self.code.replace("\n", newline).split(CURSOR)
        place = place_at(before + after, len(before), self.language, multi_line=True)
        drafts = Drafts(place, 1, self.chosen or "", frozenset())
        written = self.writes.replace("\n", newline).encode()
        for start in range(0, len(written), piece_bytes):
            drafts.take(Piece(0, (1,), written[start : start + piece_bytes], -0.1))
        reason = FinishReason.LENGTH if self.cut else FinishReason.END_OF_TEXT
        drafts.take(Finished(0, reason))
        candidates, why = drafts.candidates()
        if not candidates:
            return "", why
        return for_document(before + after, candidates)[0].text, None


def read_cases() -> list[Case]:
    text = CASES_FILE.read_text(encoding="utf-8")
    cases = [Case(**match.groupdict()) for match in CASE.finditer(text)]
    assert len(cases) == text.count("\n## "), "a case is not written as the others are"
    return cases


def test_no_case_is_there_twice() -> None:
    cases = read_cases()
    assert len({case.title for case in cases}) == len(cases)
    assert len({(case.code, case.writes, case.chosen) for case in cases}) == len(cases)


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.title)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_case(case: Case, newline: str) -> None:
    expected = (case.inserts or "").replace("\n", newline)
    reason = EmptyReason(case.reason) if case.reason else None
    assert case.inserted(newline) == (expected, reason)


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.title)
def test_a_case_ends_the_same_however_it_arrives(case: Case) -> None:
    assert case.inserted("\n", piece_bytes=3) == case.inserted("\n")


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.title)
def test_a_trimmed_text_stays_as_it_is(case: Case) -> None:
    before, after = case.code.split(CURSOR)
    place = place_at(before + after, len(before), case.language, multi_line=True)
    once = trim(case.writes, place).text
    assert trim(once, place).text == once


SCRAPS = st.lists(
    st.sampled_from(
        [
            *("(", ")", "[", "]", "{", "}", '"', "'", "`", "\\", "\n", "\r\n", " ", "    ", "\t"),
            *("x", "def f", ":", "#", "//", "/*", "*/", '"""', "if", "return", ",", ";", "é", "😀"),
            *("<", ">", "<a", "=>", "@", "end", "do", "a.", "--", "<!--", "-->"),
        ]
    ),
    max_size=25,
).map("".join)


LANGUAGES = st.sampled_from(
    [
        *("python", "typescriptreact", "rust", "cpp", "go", "kotlin", "ruby", "shellscript"),
        *("sql", "yaml", "html", "css", "lua", "makefile", "markdown"),
    ]
)


@given(
    before=SCRAPS,
    after=SCRAPS,
    writes=SCRAPS,
    language=LANGUAGES,
    forced_length=st.integers(0, 5),
)
@settings(max_examples=300)
def test_any_text_gives_a_beginning_of_what_was_written(
    before: str, after: str, writes: str, language: str, forced_length: int
) -> None:
    """Trimming only ever cuts at the end, never into forced text, and never fails."""
    forced = writes.replace("\r\n", "\n")[:forced_length]
    place = place_at(before + after, len(before), language, multi_line=True)
    trimmed = trim(writes, place, forced)
    assert writes.replace("\r\n", "\n").startswith(trimmed.text)
    assert bool(trimmed.text) is (trimmed.reason is None)
    assert not trimmed.text or trimmed.text.startswith(forced)


@given(before=SCRAPS, after=SCRAPS, writes=SCRAPS, language=LANGUAGES)
@settings(max_examples=300)
def test_what_is_cut_short_is_a_beginning_too(
    before: str, after: str, writes: str, language: str
) -> None:
    place = place_at(before + after, len(before), language, multi_line=True)
    writes = writes.replace("\r\n", "\n")
    assert writes.startswith(whole_part(writes, place, ""))


def test_bytes_end_at_a_whole_character() -> None:
    data = "aé😀".encode()
    texts = [complete_text(data[:length]) for length in range(len(data) + 1)]
    assert texts == ["", "a", "a", "aé", "aé", "aé", "aé", "aé😀"]
    assert complete_text(b"a\xffb") == "a"


def test_crlf_is_seen_in_the_first_line() -> None:
    assert uses_crlf("a\r\nb\n")
    assert not uses_crlf("a\nb\r\n")
    assert not uses_crlf("\n")
