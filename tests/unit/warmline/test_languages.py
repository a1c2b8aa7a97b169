"""A file's language by its name."""

from pathlib import Path

import pytest

from warmline.languages import language_of


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("A.PY", "python"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "typescriptreact"),
        ("Makefile", "makefile"),
        ("a.unheard-of", "plaintext"),
        ("README", "plaintext"),
    ],
)
def test_a_name_tells_the_language(name: str, language: str) -> None:
    assert language_of(Path("some.py") / name) == language
