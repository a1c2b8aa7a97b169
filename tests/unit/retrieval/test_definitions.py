"""Definitions as chunks, and the same promises as for chunks cut at blank lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import chunks_of
from retrieval.definitions import MAX_DEFINITION_LINES, definition_chunks_of

PYTHON = """import a
import b

# What it is for.
@decorated
def first():

    return 1
def second(): return 2

class Third:
    x = 1

y = 3
"""
some_lines = st.lists(
    st.sampled_from(
        ("", "def f():", "    def g(self):", "class A:", "        x = (", "# note", "    '''")
    ),
    max_size=120,
)


def starts_and_ends(path: str, text: str) -> list[tuple[int, str, str]]:
    chunks = definition_chunks_of(path, text)
    lines = [chunk.text.split("\n") for chunk in chunks]
    return [
        (chunk.start_line, each[0].strip(), each[-1].strip())
        for chunk, each in zip(chunks, lines, strict=True)
    ]


def test_each_definition_is_a_chunk_with_the_comment_before_it() -> None:
    assert starts_and_ends("x.py", PYTHON) == [
        (0, "import a", "import b"),
        (3, "# What it is for.", "return 1"),
        (8, "def second(): return 2", "def second(): return 2"),
        (10, "class Third:", "x = 1"),
        (13, "y = 3", "y = 3"),
    ]


def test_a_long_class_is_cut_at_its_methods() -> None:
    methods = "".join(f"    def m{n}(self):\n        pass\n" for n in range(30))
    found = starts_and_ends("x.py", "class A:\n    '''What it is.'''\n\n" + methods)
    assert found[0] == (0, "class A:", "'''What it is.'''")
    assert [start for start, _, _ in found[1:]] == list(range(3, 63, 2))


def test_a_long_function_is_cut_at_blank_lines() -> None:
    body = "".join(f"    x{n}\n\n" for n in range(MAX_DEFINITION_LINES))
    chunks = definition_chunks_of("x.py", "def f():\n" + body)
    assert chunks == chunks_of("x.py", "def f():\n" + body)


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("x.rs", "use a;\n\n#[test]\nfn f() {}\nfn g() {}\n", [0, 2, 4]),
        ("x.ts", "let a = 1;\nexport function f() {}\ninterface B { c: number }\n", [0, 1, 2]),
        ("X.java", "import a;\n/** What. */\nclass X {}\n", [0, 1]),
        ("x.go", "package a\n\nfunc f() {}\n\ntype T struct{}\n", [0, 2, 4]),
        ("x.unknown", "a\n\nb\n", [0]),
    ],
)
def test_languages(path: str, text: str, wanted: list[int]) -> None:
    assert [chunk.start_line for chunk in definition_chunks_of(path, text)] == wanted


@given(some_lines)
def test_every_line_that_is_not_blank_is_in_one_chunk(lines: list[str]) -> None:
    covered = [
        (chunk.start_line + number, line)
        for chunk in definition_chunks_of("x.py", "\n".join(lines))
        for number, line in enumerate(chunk.text.split("\n"))
    ]
    assert all(lines[number] == line for number, line in covered)
    written = [(number, line) for number, line in enumerate(lines) if line.strip()]
    assert [(number, line) for number, line in covered if line.strip()] == written


def test_code_nested_without_end_is_no_trouble() -> None:
    text = "\n".join(" " * depth + "def f():" for depth in range(900))
    assert definition_chunks_of("x.py", text)
