"""What a document itself says about names, where its author may know more than analysis."""

import re

from monitors.python_doubts import class_around
from monitors.types import Site, Source

_WORD = re.compile(r"[^\W\d][\w$]*")
_ACCESSOR = r"\s*(?:\?\.|!?\.|->|::)\s*"


def members_used(site: Site, source: Source, cursor: int) -> frozenset[str]:
    """Return the members that the document uses behind the same receiver, as it is spelled.

    Args:
        site: Where one is to be written.
        source: The document with what is written before `site`, which counts for nothing.
        cursor: Where that begins.
    """
    if not site.receiver:
        return frozenset()
    start, stop = 0, len(source.text)
    if source.language == "python" and site.receiver in ("self", "cls"):
        start, stop = class_around(source.text, site.start)
    before, after = _document(site, source, cursor, start, stop)
    member = re.compile(rf"(?<![\w.]){re.escape(site.receiver)}{_ACCESSOR}(#?[^\W\d][\w$]*)")
    return frozenset(member.findall(before)) | frozenset(member.findall(after))


def words_used(site: Site, source: Source, cursor: int) -> frozenset[str]:
    """Return all words of the document; the arguments are those of `members_used`."""
    before, after = _document(site, source, cursor, 0, len(source.text))
    return frozenset(_WORD.findall(before)) | frozenset(_WORD.findall(after))


def _document(site: Site, source: Source, cursor: int, start: int, stop: int) -> tuple[str, str]:
    """Return the user's own part of a range, before and after what is written."""
    return source.text[start : min(cursor, site.start)], source.text[site.start : stop]
