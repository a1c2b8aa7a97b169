"""Whatever was learned about clean suggestions, as cases with a cursor mark."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.syntax import place_at
from completion.trimming import complete_text, trim, uses_crlf
from completion.types import EmptyReason

CASES_FILE = Path(__file__).parents[1] / "data" / "completion_cases.md"
CURSOR = "█"
CASE = re.compile(
    r"^## (?P<title>.+)\n\n~~~(?P<language>\w+)\n(?P<code>(?s:.*?)\n)~~~\n\n"
    r"~~~writes\n(?P<writes>(?s:.*?))\n~~~\n\n"
    r"(?:~~~inserts\n(?P<inserts>(?s:.*?))\n~~~|gives: (?P<reason>[\w-]+))$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Case:
    title: str
    language: str
    code: str
    writes: str
    inserts: str | None
    reason: str | None


def read_cases() -> list[Case]:
    text = CASES_FILE.read_text(encoding="utf-8")
    cases = [Case(**match.groupdict()) for match in CASE.finditer(text)]
    assert len(cases) == text.count("\n## "), "a case is not written as the others are"
    return cases


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.title)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_case(case: Case, newline: str) -> None:
    before, after = case.code.replace("\n", newline).split(CURSOR)
    place = place_at(before + after, len(before), case.language, multi_line=True)
    trimmed = trim(case.writes, place)
    assert trimmed.text == (case.inserts or "")
    assert trimmed.reason == (EmptyReason(case.reason) if case.reason else None)


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
        ]
    ),
    max_size=25,
).map("".join)


@given(
    before=SCRAPS,
    after=SCRAPS,
    writes=SCRAPS,
    language=st.sampled_from(["python", "typescript", "rust", "cpp", "kotlin", "markdown"]),
    forced_length=st.integers(0, 5),
)
@settings(max_examples=300, deadline=None)
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


def test_bytes_end_at_a_whole_character() -> None:
    data = "aé😀".encode()
    texts = [complete_text(data[:length]) for length in range(len(data) + 1)]
    assert texts == ["", "a", "a", "aé", "aé", "aé", "aé", "aé😀"]
    assert complete_text(b"a\xffb") == "a"


def test_crlf_is_seen_in_the_first_line() -> None:
    assert uses_crlf("a\r\nb\n")
    assert not uses_crlf("a\nb\r\n")
    assert not uses_crlf("\n")
