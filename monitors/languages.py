"""The languages that have monitors."""

from monitors.python_lexer import PythonLexer
from monitors.python_reader import PythonReader
from monitors.scanner import Scanner

WATCHED = ("python",)
"""LSP language identifiers."""


def scanner_for(language: str) -> Scanner | None:
    """Return a scanner at a text's beginning; None if the language has no monitors."""
    if language == "python":
        return Scanner(PythonLexer(), PythonReader())
    return None
