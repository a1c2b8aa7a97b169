"""Where a document lies, by its name: a URI as editors send it, or a path.

The protocol asks for URIs, but names also come from the command line and from recordings. A
letter and a colon at the front are a Windows drive, not a scheme.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_URI = re.compile(
    r"""(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):
        (?://(?P<host>[^/?#]*))?
        (?P<path>[^?#]*)
        (?:\?[^#]*)?
        (?:\#(?P<fragment>.*))?""",
    re.VERBOSE | re.DOTALL,
)
"""After RFC 3986, appendix B. Unlike `urlsplit` it finds fault with nothing."""

_DRIVE = re.compile(r"/+(?=[A-Za-z]:(/|$))")
_THIS_MACHINE = ("", "localhost")
_IS_WINDOWS = os.name == "nt"


class _Parts(NamedTuple):
    """A name taken apart; the path is still quoted where there is a scheme."""

    scheme: str
    host: str
    path: str
    fragment: str


def path_of(name: str) -> str:
    r"""Return the path in a name, whatever the scheme, with forward slashes and not quoted.

    `file:///c%3A/src/a.py`, `C:\src\a.py` and the like begin with the drive; other absolute
    paths begin with a slash. What is no Unicode is replaced.
    """
    parts = _taken_apart(name)
    if not parts.scheme:
        return name.replace("\\", "/")
    return _DRIVE.sub("", unquote(parts.path), count=1)


def file_of(name: str) -> Path | None:
    """Return the file that a document is kept in; None for what is on no disk of this machine."""
    parts = _taken_apart(name)
    return _absolute(parts) if parts.scheme in ("", "file") else None


def file_around(name: str) -> Path | None:
    """Return the file that a document is kept in, or part of, such as the notebook of a cell.

    So whatever is said of that file, also to keep away from it, is said of the document.
    """
    return _absolute(_taken_apart(name))


def scheme_of(name: str) -> str:
    """Return a URI's scheme in small letters; empty for a path."""
    return _taken_apart(name).scheme


def fragment_of(name: str) -> str:
    """Return what stands behind the `#` of a URI, which tells the cells of a notebook apart."""
    return _taken_apart(name).fragment


def _taken_apart(name: str) -> _Parts:
    found = _URI.match(name)
    if found is None:
        return _Parts("", "", name, "")
    scheme, host, path, fragment = found.group("scheme", "host", "path", "fragment")
    return _Parts(scheme.lower(), host or "", path, fragment or "")


def _absolute(parts: _Parts) -> Path | None:
    """Return the path as this system writes it; None where no file can be called that."""
    text = unquote(parts.path, errors="surrogateescape") if parts.scheme else parts.path
    if parts.scheme == "file" and parts.host not in _THIS_MACHINE:
        if not _IS_WINDOWS:
            return None
        text = f"//{parts.host}{text}"
    elif _IS_WINDOWS:
        text = _DRIVE.sub("", text, count=1)
    path = Path(text)
    return path if path.is_absolute() and _is_possible(text) else None


def _is_possible(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say
        return False
