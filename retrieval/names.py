"""Which names a piece of code uses and which it defines, by the look of its lines.

A chunk is a piece of a file in any language and often not a whole statement, so this goes by the
beginnings of lines and not by a grammar. Wrong guesses cost a little: names are evidence here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from retrieval.terms import terms_of

_REMEMBERED_CHUNKS = 1024
"""A search asks about some hundred, mostly those of the search before. Each takes 7 kB, and every
edit makes another of the chunk it is in."""

_KEYWORDS = """
abstract and any as assert async auto await base bool boolean break byte case cast catch char
class cls const continue crate def default defer del delete dict do double elif else enum
except export extends extern false final finally float fn for from func function global go
if impl implements import in include inline instanceof int interface is lambda let list long
loop macro_rules match mod module move mut namespace new nil none nonlocal not null object or
override package pass private protected protocol pub public raise range readonly ref require
return self set short signed static str string struct super switch template this throw throws
trait true try tuple type typedef typename typeof undefined union unknown unsafe use using
val var virtual void where while with yield
"""
KEYWORDS = frozenset(form for word in _KEYWORDS.split() for form in (word, word.capitalize()))
"""Words that mean the same in every file, such as `none` and `None`."""

_IDENTIFIER = re.compile(r"[^\W\d]\w+")

_BY_KEYWORD = (
    r"(?:(?:export|default|declare|pub(?:\([^)]*\))?|async|abstract|static|public|private"
    r"|protected|internal|final|sealed|override|unsafe|const|open|data)[ \t]++)*"
    r"(?:def|class|fn|func|function|struct|enum|trait|type|interface|mod|module|namespace|let|var"
    r"|val|const|object|protocol|record|union|typedef|macro_rules!)[ \t*]++"
    r"(?:\([^)]*\)[ \t]*+)?(?:mut[ \t]++|enum[ \t]++|class[ \t]++)?([^\W\d]\w*)"
)
_WITH_TYPE = (  # a field
    r"(?:(?:pub(?:\([^)]*\))?|public|private|protected|readonly|static)[ \t]++)*"
    r"(?:self\.|this\.)?([^\W\d]\w*)\??[ \t]*:(?!:|[ \t]*$)"
)
_WITH_VALUE = (  # of a module, of an object, of an enumeration
    r"(?:self\.|this\.|(?<![ \t])(?=\w)|(?=[^\W\da-z][^\Wa-z]*+[ \t]*=))([^\W\d]\w*)[ \t]*=(?!=)"
)
_WITH_BODY = (  # a method of TypeScript or Java, a function of C
    r"(?:[\w<>\[\],.*&:?]++[ \t]++){0,6}+[*&]?([^\W\d]\w*)(?:<[^>]*>)?\([^;]*\{[ \t]*$"
)
_DEFINITION = re.compile(rf"[ \t]*+(?:{_BY_KEYWORD}|{_WITH_TYPE}|{_WITH_VALUE}|{_WITH_BODY})")
"""The beginning of a line; the name is in the only group that matches."""

_IMPORT_WORDS = ("import", "from", "use ", "pub use ", "#include", "export", "const", "let", "var")
_IMPORT_LINE = re.compile(
    r"import\b|from\s+\S+\s+import\b|(?:pub )?use\s+[\w:]+|#include\b|export\s.*\sfrom\s|"
    r"(?:const|let|var)\s.*\brequire\("
)
_LINE_CHARACTERS = 400  # longer lines are data or minified code


@dataclass(frozen=True, slots=True)
class ChunkNames:
    """What the lines of a chunk look like.

    Attributes:
        used: All names in it, the defined ones among them.
        defined: Names it gives a meaning to.
        defined_words: The terms of those names.
        num_lines: Non-blank ones.
        import_share: Of them, how many import something.
    """

    used: frozenset[str]
    defined: frozenset[str]
    defined_words: frozenset[str]
    num_lines: int
    import_share: float


@lru_cache(_REMEMBERED_CHUNKS)
def names_of_chunk(text: str) -> ChunkNames:
    """Return the names of a chunk; asked again, from memory."""
    lines = [line for line in text.splitlines() if line and not line.isspace()]
    defined = _defined(lines)
    num_imports = sum(map(_is_import, lines))
    return ChunkNames(
        used=names_in(text),
        defined=defined,
        defined_words=frozenset(terms_of("\n".join(defined))),
        num_lines=len(lines),
        import_share=num_imports / max(1, len(lines)),
    )


def names_in(text: str) -> frozenset[str]:
    """Return the identifiers of a text that are no keywords and have two characters or more."""
    return frozenset(_IDENTIFIER.findall(text)) - KEYWORDS


def names_defined_in(text: str) -> frozenset[str]:
    """Return the names that lines of a text define, such as `def NAME` and `NAME: type`.

    A local variable counts only where a keyword or a type introduces it.
    """
    return _defined(text.splitlines())


def _defined(lines: Iterable[str]) -> frozenset[str]:
    found = (_DEFINITION.match(line) for line in lines if len(line) <= _LINE_CHARACTERS)
    names = frozenset(each[each.lastindex or 0] for each in found if each)
    return frozenset(name for name in names if len(name) > 1) - KEYWORDS


def _is_import(line: str) -> bool:
    start = line.lstrip()[:_LINE_CHARACTERS]
    # The words first: they are compared in a fraction of the time.
    return start.startswith(_IMPORT_WORDS) and _IMPORT_LINE.match(start) is not None
