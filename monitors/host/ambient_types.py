"""Types that TypeScript up to 5 takes up by itself, which later ones must be told of.

Up to 5, a project that does not say so otherwise sees every package under `node_modules/@types`;
from 6 on it sees none, and `setTimeout` of a Node.js project gives a number.
"""

from functools import lru_cache
from pathlib import Path

from .analysers import Document

_MOST_PACKAGES = 100


def ambient_types(document: Document) -> str:
    """Return lines that, in front of a document, let it see the types installed around it.

    Before a program's `#!` nothing may stand: then there are none.
    """
    if document.text.startswith("#!"):
        return ""
    names = _installed(document.path.parent)
    return "".join(f'/// <reference types="{name}" />\n' for name in names)


@lru_cache(maxsize=256)
def _installed(folder: Path) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for parent in (folder, *folder.parents):
        packages = parent / "node_modules" / "@types"
        if packages.is_dir():
            found.update(dict.fromkeys(sorted(entry.name for entry in packages.iterdir())))
    return tuple(name for name in found if name[0] != ".")[:_MOST_PACKAGES]
