"""What may be quoted, case by case: tests/data/secret_cases.toml."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.secrets import (
    reason_by_name,
    reason_by_text,
    reason_to_withhold,
    without_secrets,
)

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
    assert without_secrets(unit * (300_000 // len(unit))) == unit * (300_000 // len(unit))


@pytest.mark.parametrize("case", CASES["withheld"], ids=lambda case: case["reason"])
def test_a_secret_becomes_letters_and_the_rest_stays(case: dict[str, str]) -> None:
    secret = case["text"].replace("+", "", 1)
    text = f"x = 1\n\n{secret}\nKEYS = ['\u0130', 'naïve']\n"
    hidden = without_secrets(text)
    assert reason_by_text(hidden) == ""
    assert hidden != text
    assert len(hidden) == len(text)
    assert hidden.startswith("x = 1\n\n")
    assert hidden.endswith("\nKEYS = ['\u0130', 'naïve']\n")
    changed = [(old, new) for old, new in zip(text, hidden, strict=True) if old != new]
    assert {new for _, new in changed} == {"x"}
    assert all(old.isalnum() or old == "_" for old, _ in changed)


def test_a_private_key_is_hidden_to_its_end() -> None:
    kind = "EC PRIVATE KEY"
    text = f"a = 1\n-----BEGIN {kind}-----\nMHcCAQ/EE\nIIr2z+3\n-----END {kind}-----\nb = 2\n"
    hidden = without_secrets(text)
    assert (hidden.count("\n"), len(hidden)) == (text.count("\n"), len(text))
    assert hidden.startswith("a = 1\n")
    assert hidden.endswith("\nb = 2\n")
    assert "MHcCAQ" not in hidden
    assert "IIr2z" not in hidden


LINES = st.sampled_from(
    [
        *(case["text"].replace("+", "", 1) for case in CASES["withheld"]),
        *(case["text"] for case in CASES["quoted"]),
        *("x = 1", "", "İstanbul", "token = read()", "KEY"),
    ]
)


@given(st.lists(LINES, max_size=8))
def test_nothing_is_left_of_any_secret(lines: list[str]) -> None:
    text = "\n".join(lines)
    hidden = without_secrets(text)
    assert len(hidden) == len(text)
    assert reason_by_text(hidden) == ""
    assert without_secrets(hidden) == hidden
    assert (hidden == text) == (reason_by_text(text) == "")
