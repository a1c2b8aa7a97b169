"""What the document around a cursor says about what is needed there."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from retrieval.imports import Import, imports_of
from retrieval.names import names_defined_in, names_in
from retrieval.types import Place

CURRENT_LINES = 3
"""How many of the query's last lines are about what comes next."""

_READ_BEFORE = 60_000  # characters around the cursor; bounds the time in large files
_READ_BEHIND = 20_000
_READ_FOR_USES = 100_000  # from the beginning, where imports stand
_MOST_SOURCES = 8  # names of the last line that are followed to where they come from
_NAME = re.compile(r"\w+")
_MEMBER = re.compile(r"(?:\.|::|->)\w*\Z")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Names of the document, by where they stand; see `features.py` for what they are used for.

    Attributes:
        path: Of the document.
        last: Of the last line of the query.
        current: Of its last `CURRENT_LINES` lines.
        recent: Of the whole query.
        scope: Of the lines that enclose the cursor by indentation.
        source: Of lines that give a value or a type to one of `last`.
        own: That the document defines.
        unused: That are imported and do not occur a second time.
        imports: What the document imports.
        begins_line: Nothing stands before the cursor in its line.
        is_member_access: A member's name is being written.
        num_query_lines: Non-blank lines of the query.
    """

    path: str
    last: frozenset[str]
    current: frozenset[str]
    recent: frozenset[str]
    scope: frozenset[str]
    source: frozenset[str]
    own: frozenset[str]
    unused: frozenset[str]
    imports: tuple[Import, ...]
    begins_line: bool
    is_member_access: bool
    num_query_lines: int

    @property
    def imported(self) -> frozenset[str]:
        """All names that are imported from somewhere."""
        return frozenset().union(*(each.names for each in self.imports))


@lru_cache(4)
def surroundings_of(place: Place, query: str) -> Surroundings:
    """Return what a document says about a place in it; asked again, from memory.

    The time is bounded for any document.
    """
    text = place.text
    before = text[max(0, place.offset - _READ_BEFORE) : place.offset]
    around = before + text[place.offset : place.offset + _READ_BEHIND]
    lines = query.splitlines()
    last = names_in("\n".join(lines[-1:]))
    imports = imports_of(place.path, text)
    imported = frozenset().union(*(each.names for each in imports))
    return Surroundings(
        path=place.path,
        last=last,
        current=names_in("\n".join(lines[-CURRENT_LINES:])),
        recent=names_in(query),
        scope=names_in("\n".join(enclosing_lines(before))),
        source=names_in("\n".join(source_lines(around, last))) - last,
        own=names_defined_in(around) - imported,
        unused=_unused(imported, text[:_READ_FOR_USES]),
        imports=imports,
        begins_line=not before.rpartition("\n")[2].strip(),
        is_member_access=_MEMBER.search(before[-200:]) is not None,
        num_query_lines=len(lines),
    )


def _unused(imported: frozenset[str], text: str) -> frozenset[str]:
    counts = Counter(_NAME.findall(text)) if imported else Counter[str]()
    return frozenset(name for name in imported if counts[name] <= 1)


def enclosing_lines(before: str) -> Iterator[str]:
    """Yield the lines that enclose the end of a text by their indentation, the innermost first.

    Each is indented less than all lines between it and the cursor: the function, its class. Of a
    heading that ends in a line of its own, such as `) -> None:`, the parameters are among them.
    """
    lines = [*before.splitlines(), ""] if before.endswith("\n") else before.splitlines()
    depth = _depth(lines[-1]) if lines and lines[-1] else None
    closed: int | None = None  # the depth of the bracket whose opening is looked for
    for line in reversed([line for line in lines[:-1] if line.strip()]):
        indentation = _depth(line)
        if depth is None:
            depth = indentation + line.rstrip().endswith((":", "{", "(", "["))
        if closed is not None and indentation > closed:
            yield line
        elif indentation < depth and not line.lstrip().startswith("}"):
            yield line
            is_end = line.lstrip().startswith((")", "]"))
            closed = indentation if is_end else None
            depth = indentation + is_end
        if depth == 0:
            return


def source_lines(text: str, names: frozenset[str]) -> Iterator[str]:
    """Yield the lines that give one of some names a value or a type, such as `name: Type`."""
    wanted = sorted(names, key=lambda name: (-len(name), name))[:_MOST_SOURCES]
    if not wanted:
        return
    either = f"(?:{'|'.join(map(re.escape, wanted))})"
    # No `.*` before a name: it would be tried at every character of every line.
    pattern = rf"\b{either}\b[ \t]*(?:\??:(?!:)|:?=(?!=))|\bas[ \t]+{either}\b"
    for found in re.finditer(pattern, text):
        start, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
        yield text[max(start, found.start() - 100) : end if end != -1 else len(text)][:300]


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
