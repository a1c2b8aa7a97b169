"""The style of a file by its lines, and suggestions that take it on."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from completion.indentation import with_indentation_of
from completion.indentation_style import unit_near
from completion.syntax import Place, place_at

TABS = "def f(x):\n\treturn x\n\n\n"
TWO = "def f(x):\n  return x\n\n\n"
FOUR = "def f(x):\n    return x\n\n\n"


def place_behind(before: str, language: str = "python", after: str = "") -> Place:
    return place_at(before + after, len(before), language, multi_line=True)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", None),
        ("x = 1\ny = 2\n", "", None),
        (TABS, "", "\t"),
        (TWO, "", "  "),
        (FOUR, "", "    "),
        ("def f(x):\n   ", "", "   "),  # what the editor has indented by itself
        ("def f(x):", "\n  return x\n", "  "),
        (TABS + "def g():\n  return 1\n", "", None),
        (TABS * 20 + "def g():\n  return 1\n", "", "\t"),  # one stray line
        ("f(a,\n  b)\n", "", None),  # one step that nothing opens
        ("f(\n  a)\ng(\n  b)\n", "", "  "),
        ("class A {\n  int f(\n      int x) {\n    go(x\n        + 1);\n", "", "  "),
        ("/**\n * One.\n */\n", "", None),
        (TWO + FOUR, "", None),
    ],
)
def test_style(before: str, after: str, expected: str | None) -> None:
    assert unit_near(before, after) == expected


def test_only_lines_near_the_cursor_count() -> None:
    assert unit_near(TABS + "x = 1\n" * 300 + TWO, "") == "  "
    assert unit_near(TWO + "x = 1\n", "x = 1\n" * 300 + TABS) == "  "


def test_chosen_lines_stay() -> None:
    """An editor replaces the entry of its list by exactly that text, and the rest follows."""
    chosen = "for y in x:\n\t\tif y:"
    indented = with_indentation_of(
        place_behind(TABS + "def g(x):\n\t"), chosen + "\n            print(x)", len(chosen)
    )
    assert indented == chosen + "\n\t\t\tprint(x)"


def test_what_makes_no_sense_by_any_reading_stays() -> None:
    place = place_behind(TABS + "def g(x):\n\t")
    for text in ("if x:\n     y()\n       z()", "if x:\n  if y:\n  z()", "if x:\nreturn 1"):
        assert with_indentation_of(place, text) == text


def test_strings_side_by_side_are_indented_each() -> None:
    place = place_behind(TABS + "def g(x):\n\t")
    text = 'raise ValueError(\n        "one"\n        f" two"\n    )'
    expected = 'raise ValueError(\n\t\t"one"\n\t\tf" two"\n\t)'
    assert with_indentation_of(place, text) == expected


Nested = list[tuple[str, int]]  # lines of code, each with its level


@st.composite
def nested_lines(draw: st.DrawFn) -> Nested:
    """Python's blocks: a line goes one deeper behind a colon, and else no deeper."""
    lines: Nested = []
    level = 1
    for _ in range(draw(st.integers(2, 8))):
        opens = draw(st.booleans())
        lines.append(("if x:" if opens else "x()", level))
        level = level + 1 if opens else draw(st.integers(1, level))
    return lines


def written(lines: Nested, unit: str) -> str:
    """Write lines behind a cursor, so the first one is indented already."""
    (first, _), *others = lines
    return "\n".join([first, *(unit * level + code for code, level in others)])


@pytest.mark.parametrize("own", ["\t", "  ", "    "])
@given(lines=nested_lines(), model=st.sampled_from(["\t", "  ", "    ", "        "]))
@settings(max_examples=100)
def test_nested_lines_take_on_the_style(own: str, lines: Nested, model: str) -> None:
    """Whatever a model indents by, the lines mean the same blocks afterwards."""
    before = f"def f(x):\n{own}return x\n\n\n" * 3 + f"def g(x):\n{own}"
    place = place_behind(before)
    assume(any(code == "if x:" for code, _ in lines[:-1]))  # else it may be read in two ways
    assert with_indentation_of(place, written(lines, model)) == written(lines, own)


PIECES = st.lists(
    st.sampled_from(
        [
            *("\n", "\n  ", "\n    ", "\n\t", "\n\t\t", "\n        ", "\n   ", "\n\t    "),
            *(
                "if x:",
                "x()",
                "f(",
                "a,",
                ")",
                "{",
                "}",
                "[",
                "]",
                '"""',
                "# c",
                "/*",
                "*/",
                " * s",
            ),
            *("'", "y = 1", "case 1:", ";", "else:", "do", "end", "é"),
        ]
    ),
    max_size=20,
).map("".join)
BEGINNINGS = st.sampled_from(
    [
        *(TABS, TWO, FOUR, "", TABS + "def g(x):\n\t", TWO + "def g(x):\n  ", FOUR + "def g():"),
        *("void f() {\n\ta();\n}\nvoid g() {\n\t", "key:\n  - a\n", "f(\n    a,\n    "),
    ]
)
LANGUAGES = st.sampled_from(["python", "javascript", "go", "cpp", "yaml", "lua", "makefile"])


@given(before=BEGINNINGS, text=PIECES, language=LANGUAGES, forced=st.integers(0, 12))
@settings(max_examples=300)
def test_only_leading_white_space_changes_and_only_once(
    before: str, text: str, language: str, forced: int
) -> None:
    place = place_behind(before, language)
    num_forced = min(forced, len(text))
    indented = with_indentation_of(place, text, num_forced)
    assert with_indentation_of(place, indented, num_forced) == indented
    assert indented.startswith(text[:num_forced])
    assert [line.lstrip(" \t") for line in indented.split("\n")] == [
        line.lstrip(" \t") for line in text.split("\n")
    ]
    if before.rpartition("\n")[2]:
        assert indented.partition("\n")[0] == text.partition("\n")[0]
