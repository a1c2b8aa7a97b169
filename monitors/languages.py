"""The languages that have monitors."""

from monitors.brace_lexer import BraceLexer
from monitors.brace_reader import BraceReader
from monitors.brace_traits import TRAITS
from monitors.python_lexer import PythonLexer
from monitors.python_reader import PythonReader
from monitors.scanner import Scanner

WATCHED = frozenset(("python", *TRAITS))
"""LSP language identifiers."""


def scanner_for(language: str) -> Scanner | None:
    """Return a scanner at a text's beginning; None if the language has no monitors."""
    if language == "python":
        return Scanner(PythonLexer(), PythonReader())
    if language in TRAITS:
        return Scanner(BraceLexer(language), BraceReader(TRAITS[language]))
    return None
