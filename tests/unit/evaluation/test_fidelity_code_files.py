"""Which lines count as code."""

import pytest

from evaluation.fidelity.cases.code_file import CodeFile, indentation_of, read_code

PYTHON = '''\
"""A module.

with = "words that look like code"
"""

from package import (
    something_long,
    something_longer,
)
import os.path

# def commented_out(): pass
LIMITS = {
    "first": 1,
}


def compute(number: int) -> str:
    """Say it in words."""
    text = """
    looks = "like code"
    """.format(number)
    return text.format(number)
'''
TYPESCRIPT = """\
import {
  firstName,
} from './first';
export * from './second';
/* const commented = 1;
   const out = 2; */
export function greet(name: string) {
  // say it
  return `hello
    ${name} dear`;
}
"""
RUST = """\
use std::{
    collections::HashMap,
};
pub(crate) use crate::other;

/// Documented.
pub mod inner {
    pub fn compute(number: u32) -> u32 {
        number + 1
    }
}
"""


def read(text: str, language: str) -> CodeFile:
    return read_code("a/file", text, language, len)


@pytest.mark.parametrize(
    ("language", "text", "beginnings"),
    [
        ("python", PYTHON, ["LIMITS", '"first"', "def compute", "text =", "return text"]),
        ("typescript", TYPESCRIPT, ["export function", "return"]),
        ("rust", RUST, ["pub mod", "pub fn", "number + 1"]),
    ],
)
def test_code_is_what_is_neither_import_nor_comment_nor_inside_a_string(
    language: str, text: str, beginnings: list[str]
) -> None:
    file = read(text, language)
    found = [file.lines[line].strip() for line in sorted(file.code_lines)]
    assert len(found) == len(beginnings)
    assert all(
        line.startswith(beginning) for line, beginning in zip(found, beginnings, strict=True)
    )


@pytest.mark.parametrize("text", ["a\nb\n", "a\nb", "a\x0cb\n\nc\u2028d\n"])
def test_lines_end_in_line_feeds_and_nowhere_else(text: str) -> None:
    lines = read(text, "python").lines
    assert "".join(lines) == text.removesuffix("\n") + "\n"
    assert all(line.count("\n") == 1 for line in lines)


def test_tokens_are_counted_from_line_to_line() -> None:
    file = read("ab\ncdef\n\ng\n", "python")
    assert file.token_ends == (0, 3, 8, 9, 11)
    assert file.num_tokens(1, 3) == 6
    assert [file.first_line(3, most) for most in (9, 8, 6, 5, 1, 0)] == [0, 1, 1, 2, 2, 3]
    assert [file.last_line(1, most) for most in (0, 4, 5, 6, 8, 100)] == [1, 1, 2, 3, 4, 4]


def test_indentation() -> None:
    assert [indentation_of(line) for line in ("  a\n", "\tb", "c\n", "  \n")] == [
        "  ",
        "\t",
        "",
        "  ",
    ]
