"""What may be quoted, case by case: tests/data/secret_cases.toml."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from retrieval.secrets import reason_by_name, reason_by_text, reason_to_withhold

CASES: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "secret_cases.toml").read_text(encoding="utf-8")
)
(FILES,) = CASES["file"]


@pytest.mark.parametrize("path", FILES["withheld"])
def test_a_file_for_secrets_is_withheld_whatever_is_in_it(path: str) -> None:
    assert reason_by_name(path)
    assert reason_to_withhold(path, "harmless") == reason_by_name(path)


@pytest.mark.parametrize("path", FILES["quoted"])
def test_a_file_of_another_name_may_be_quoted(path: str) -> None:
    assert reason_by_name(path) == ""


@pytest.mark.parametrize("case", CASES["withheld"], ids=lambda case: case["reason"])
def test_text_with_a_secret_is_withheld_with_its_kind(case: dict[str, str]) -> None:
    text = case["text"].replace("+", "", 1)
    assert reason_by_text(text) == f"it holds {case['reason']}"
    assert reason_to_withhold("app/main.py", f"x = 1\n\n{text}\n") == f"it holds {case['reason']}"


@pytest.mark.parametrize("case", CASES["quoted"], ids=lambda case: case["text"][:20])
def test_text_that_only_speaks_of_secrets_may_be_quoted(case: dict[str, str]) -> None:
    assert reason_to_withhold("app/main.py", case["text"]) == ""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["a", "password=", "a://", "sk-a-", "eyJ", "-eyJ", "'\"", " "])
def test_no_text_makes_a_pattern_try_for_ever(unit: str) -> None:
    """Hostile files exist."""
    assert reason_by_text(unit * (300_000 // len(unit))) == ""
