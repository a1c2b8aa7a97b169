"""The page that says what becomes of each clause of the protocol names tests that are there."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conformance.md"
MOST_ROWS_EXPECTED, FEWEST_ROWS_EXPECTED = 90, 45
"""A table that is read wrongly has no rows, and would pass all else."""

_REFERENCE = re.compile(r"`(test_\w+)::(test_\w+)`")


@dataclass(frozen=True)
class Row:
    """One clause."""

    section: str
    clause: str
    answer: str
    tests: tuple[tuple[str, str], ...]  # module and function
    rest: str  # of the last column, without the tests

    def __str__(self) -> str:
        return f"{self.section}: {self.clause}"


def read_rows() -> Iterator[Row]:
    section = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        is_row = line.startswith("|") and cells[-1] not in ("tests", "---")
        if is_row:
            clause, answer, tests = cells
            found = tuple(_REFERENCE.findall(tests))
            yield Row(section, clause, answer, found, _REFERENCE.sub("", tests).strip())


ROWS = tuple(read_rows())


@cache
def functions_of(module: str) -> frozenset[str]:
    """Return the names in every file of that name."""
    files = list((ROOT / "tests").rglob(f"{module}.py"))
    assert files, f"docs/conformance.md names {module}, and there is no such file"
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(
        node.name for tree in trees for node in tree.body if isinstance(node, functions)
    )


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_clause_has_a_test_that_is_there(row: Row) -> None:
    assert row.clause
    assert row.answer
    assert row.tests, "a clause without a test"
    assert row.rest == "", "the last column names tests and nothing else"
    missing = [
        f"{module}::{name}" for module, name in row.tests if name not in functions_of(module)
    ]
    assert missing == []


def test_the_page_is_read_as_it_is_meant() -> None:
    assert FEWEST_ROWS_EXPECTED <= len(ROWS) <= MOST_ROWS_EXPECTED
    assert len({(row.section, row.clause) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    "module", ["test_framing", "test_identifiers", "test_odd_documents", "test_odd_positions"]
)
def test_what_is_tested_of_the_letter_is_on_the_page(module: str) -> None:
    named = {name for row in ROWS for named_in, name in row.tests if named_in == module}
    tests = {name for name in functions_of(module) if name.startswith("test_")}
    assert tests - named == set()
