"""The languages that have monitors."""

from monitors.brace_lexer import BraceLexer
from monitors.brace_reader import BraceReader
from monitors.brace_traits import TRAITS
from monitors.python_lexer import PythonLexer
from monitors.python_reader import PythonReader
from monitors.scanner import Scanner

WATCHED = frozenset(("python", *TRAITS))
"""LSP language identifiers."""


def scanner_for(language: str) -> Scanner:
    """Return a scanner at a text's beginning.

    Raises:
        KeyError: If the language is not one of `WATCHED`.
    """
    if language == "python":
        return Scanner(PythonLexer(), PythonReader())
    return Scanner(BraceLexer(language), BraceReader(TRAITS[language]))
