"""Line, body or statement by position, and an end that does not depend on how text arrives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.grammars import parsed_lexemes
from completion.lexemes import LexemeKind, bracket_lexemes_of, brackets_of
from completion.scope import find_end
from completion.syntax import ShapeKind, place_at

LINE, BODY, STATEMENT = ShapeKind.LINE, ShapeKind.BODY, ShapeKind.STATEMENT


def shape_at(code: str, language: str, *, multi_line: bool = True) -> ShapeKind:
    before, after = code.split("█")
    return place_at(before + after, len(before), language, multi_line=multi_line).shape.kind


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", "def f():█", BODY),
        ("python", "def f():\n█", BODY),
        ("python", "def f():\n    █\n\ndef g():\n    pass\n", BODY),
        ("python", "def f():\n    # why\n    █\n", BODY),
        ("python", "def f():  # why\n    █\n", BODY),
        ("python", "class A:\n    def f(self) -> int:\n        █\n\n    def g(self): ...\n", BODY),
        ("python", "try:\n    █\nexcept ValueError:\n    pass\n", BODY),
        ("python", "def f():\n    █\n    return 1\n", LINE),
        ("python", "x = {1:█}\n", LINE),
        ("python", "x = a[1:\n█", LINE),
        ("python", "f = lambda x:█\n", LINE),
        ("python", "x: int = █\n", LINE),
        ("python", 'x = "def f():█"\n', LINE),
        ("python", '"""\ndef f():\n    █\n"""\n', LINE),
        ("python", 'print("def f():█\n', LINE),
        ("python", "# def f():█\n", LINE),
        ("python", "x = 1\n█", STATEMENT),
        ("python", "█", STATEMENT),
        ("python", "def f():\n    x = 1\n    █\n", LINE),
        ("python", "def f():\n    x = 1\n█\n    y = 2\n", LINE),
        ("python", "foo(\n█\n)\n", LINE),
        ("javascript", "function f() {█\n}\n", BODY),
        ("javascript", "function f() {█}\n", LINE),
        ("javascript", "const f = () => {\n  █\n};\n", BODY),
        ("javascript", "const s = `{█`;\n", LINE),
        ("typescriptreact", "const A = () => {\n  █\n};\n", BODY),
        ("typescript", "interface A {\n  █\n}\n", BODY),
        ("java", "class A {\n  void f() {\n    █\n  }\n}\n", BODY),
        ("go", "func f() {\n\t█\n}\n", BODY),
        ("rust", "fn f<'a>(x: &'a str) {\n    █\n}\n", BODY),
        ("c", "int main(void)\n{\n    █\n}\n", BODY),
        ("cpp", "auto f = [](int x) {█\n", BODY),
        ("cpp", "for (;;) {\n  a();\n  █\n}\n", LINE),
        ("kotlin", "fun f() {\n    █\n}\n", BODY),
        ("ruby", "items.each do\n  █\nend\n", BODY),
        ("plaintext", "some words█", LINE),
    ],
)
def test_shape(language: str, code: str, expected: ShapeKind) -> None:
    assert shape_at(code, language) is expected


def test_settings_can_ask_for_lines_only() -> None:
    assert shape_at("def f():\n    █\n", "python", multi_line=False) is LINE


PIECES = st.lists(
    st.sampled_from(
        [
            *("\n", "\n    ", "\n        ", "return", " x", "(", ")", "{", "}", "[1]", ":", '"'),
            *("'", '"""', "# c", "else", "def f", "@", "é", ";", "//", "`"),
        ]
    ),
    max_size=20,
)


@given(pieces=PIECES, language=st.sampled_from(["python", "javascript", "kotlin"]))
@settings(max_examples=150)
def test_an_end_once_found_is_inside_what_was_written(pieces: list[str], language: str) -> None:
    opened = "def f():\n    " if language == "python" else "function f() {\n    "
    place = place_at(opened, len(opened), language, multi_line=True)
    text = "".join(pieces)
    end = find_end(place, text)
    assert end is None or 0 <= end <= len(text)


@pytest.mark.parametrize(
    ("opened", "language", "kept", "rest"),
    [
        ("def f(x):\n    ", "python", "if x:\n        y()\n    elif z:\n        q()", "\nx = 1"),
        ("# choose\n", "python", "try:\n    a()\nexcept E:\n    b()\nfinally:\n    c()", "\nd()"),
        ("void f() {\n  ", "c", "if (x) {\n    a();\n  } else {\n    b();\n  }\n}", "\nint g"),
    ],
)
def test_the_end_is_the_same_however_the_text_arrives(
    opened: str, language: str, kept: str, rest: str
) -> None:
    """Half a word such as `el` must not be taken for the end of an `if`."""
    place = place_at(opened, len(opened), language, multi_line=True)
    written = kept + rest
    ends = [find_end(place, written[:length], is_whole=False) for length in range(len(written) + 1)]
    found = [end for end in ends if end is not None]
    assert found
    assert {*found, find_end(place, written)} == {len(kept)}


@pytest.mark.parametrize("language", ["python", "rust", "typescriptreact", "cpp"])
@given(text=st.text(alphabet="aé😀\ud800 \n\t(){}[]'\"`#/*:<>;=\\", max_size=80))
@settings(max_examples=60)
def test_lexemes_are_where_they_say(language: str, text: str) -> None:
    for lexeme in parsed_lexemes(text, language):
        assert text[lexeme.start : lexeme.stop].replace("\ud800", "?") == lexeme.text


@pytest.mark.parametrize(
    "language", ["python", "rust", "go", "lua", "haskell", "json", "html", "markdown", "cobol"]
)
@given(text=st.text(alphabet="aé \n(){}[]'\"`#/*-!<>\\|", max_size=80))
def test_brackets_alone_are_those_among_the_lexemes(language: str, text: str) -> None:
    kinds = {LexemeKind.OPENER, LexemeKind.CLOSER}
    expected = [each.text for each in bracket_lexemes_of(text, language) if each.kind in kinds]
    assert list(brackets_of(text, language)) == expected
