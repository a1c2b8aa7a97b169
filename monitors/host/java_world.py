"""Which Java types can be wholly known: those of the JDK, and those built on nothing else.

Dependencies are not imported: that would run the user's build and load from the network. A class
whose base lies in one has more members than the server lists, and the server does not say so.
"""

import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

MOST_FILES = 5_000

_PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_IMPORT = re.compile(rb"^\s*import\s+(?:static\s+)?([\w.]+)", re.MULTILINE)
_HAS_BASE = re.compile(r"\b(?:extends|implements)\b")
_OF_THE_JDK = ("java.", "javax.", "jdk.", "org.w3c.dom.", "org.xml.sax.", "org.ietf.jgss.")
_SKIPPED = frozenset({"node_modules", "build", "target", "out", "bin"})


def is_closed(folders: Sequence[Path]) -> bool:
    """Tell whether all that the folders' sources import is in them or in the JDK. Reads them."""
    packages: set[bytes] = set()
    imports: set[bytes] = set()
    for path in islice(_sources(folders), MOST_FILES):
        text = path.read_bytes()
        packages.update(name + b"." for name in _PACKAGE.findall(text))
        imports.update(_IMPORT.findall(text))
    known = (*(name.encode() for name in _OF_THE_JDK), *packages)
    return all(name.startswith(known) for name in imports)


def _sources(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for root, names, files in os.walk(folder):
            names[:] = [name for name in names if name not in _SKIPPED and name[0] != "."]
            yield from (Path(root, name) for name in files if name.endswith(".java"))


def is_own_base(uri: str, text: str) -> bool:
    """Tell whether a type is wholly known by where it is declared and what stands there.

    Args:
        uri: Of its declaration: `jdt:` for one of a library, which here can only be the JDK's.
        text: Of the file, if it is one.
    """
    return uri.startswith("jdt:") or (bool(text) and not _HAS_BASE.search(text))
