"""Which names a piece of code uses and which it defines, by the look of its lines.

A chunk is a piece of a file in any language and often not a whole statement, so this goes by the
beginnings of lines and not by a grammar. Wrong guesses cost a little: names are evidence here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from retrieval.terms import terms_of

_REMEMBERED_CHUNKS = 4096

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
KEYWORDS = frozenset(_KEYWORDS.split())
"""Words that mean the same in every file, in lower case."""

_IDENTIFIER = re.compile(r"[^\W\d]\w+")

_BY_KEYWORD = re.compile(
    r"^[ \t]*+(?:(?:export|default|declare|pub(?:\([^)\n]*\))?|async|abstract|static|public|private"
    r"|protected|internal|final|sealed|override|unsafe|const|open|data)[ \t]++)*"
    r"(?:def|class|fn|func|function|struct|enum|trait|type|interface|mod|module|namespace|let|var"
    r"|val|const|static|object|protocol|record|union|typedef|macro_rules!)[ \t*]++"
    r"(?:\([^)\n]*\)[ \t]*+)?(?:mut[ \t]++|enum[ \t]++|class[ \t]++)?([^\W\d]\w*)",
    re.MULTILINE,
)
_WITH_BODY = re.compile(  # a method of TypeScript or Java, a function of C
    r"^[ \t]*+(?:[\w<>\[\],.*&:?]++[ \t]++){0,6}+[*&]?([^\W\d]\w*)(?:<[^>\n]*>)?\([^;\n]*\{[ \t]*$",
    re.MULTILINE,
)
_WITH_TYPE = re.compile(  # a field
    r"^[ \t]*+(?:(?:pub(?:\([^)\n]*\))?|public|private|protected|readonly|static)[ \t]++)*"
    r"(?:self\.|this\.)?([^\W\d]\w*)\??[ \t]*:(?!:|[ \t]*$)",
    re.MULTILINE,
)
_WITH_VALUE = re.compile(  # of a module, of an object, of an enumeration
    r"^(?:[ \t]*+(?:self|this)\.([^\W\d]\w*)|([^\W\d]\w*)|[ \t]++([^\W\da-z][^\Wa-z]*+))"
    r"[ \t]*=(?!=)",
    re.MULTILINE,
)
_DEFINITIONS = (_BY_KEYWORD, _WITH_BODY, _WITH_TYPE, _WITH_VALUE)

_IMPORT_LINE = re.compile(
    r"^[ \t]*(?:import\b|from\s+\S+\s+import\b|use\s+[\w:]+|#include\b|export\s.*\sfrom\s|"
    r"(?:const|let|var)\s.*\brequire\()"
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
    lines = [line for line in text.splitlines() if line.strip()]
    defined = names_defined_in(text)
    num_imports = sum(_IMPORT_LINE.match(line[:_LINE_CHARACTERS]) is not None for line in lines)
    return ChunkNames(
        used=names_in(text),
        defined=defined,
        defined_words=frozenset(terms_of("\n".join(sorted(defined)))),
        num_lines=len(lines),
        import_share=num_imports / max(1, len(lines)),
    )


def names_in(text: str) -> frozenset[str]:
    """Return the identifiers of a text that are no keywords and have two characters or more."""
    return frozenset(name for name in _IDENTIFIER.findall(text) if not _is_keyword(name))


def names_defined_in(text: str) -> frozenset[str]:
    """Return the names that lines of a text define, such as `def NAME` and `NAME: type`.

    A local variable counts only where a keyword or a type introduces it.
    """
    names: set[str] = set()
    short = _without_long_lines(text)
    for pattern in _DEFINITIONS:
        for found in pattern.finditer(short):
            names.update(name for name in found.groups() if name)
    return frozenset(name for name in names if len(name) > 1 and not _is_keyword(name))


def _without_long_lines(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(line for line in lines if len(line) <= _LINE_CHARACTERS)


def _is_keyword(name: str) -> bool:
    return name.lower() in KEYWORDS
