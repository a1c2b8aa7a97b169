"""What a document itself says about names, where its author may know more than analysis."""

import re
from collections.abc import Iterator

from monitors.python_doubts import class_around
from monitors.types import Site, Source

_WORD = re.compile(r"[^\W\d][\w$]*")
_ACCESSOR = r"\s*(?:\?\.|!?\.|->|::)\s*"


def members_used(site: Site, source: Source) -> frozenset[str]:
    """Return the members that the document uses behind the same receiver, as it is spelled."""
    if not site.receiver:
        return frozenset()
    member = re.compile(rf"(?<![\w.]){re.escape(site.receiver)}{_ACCESSOR}(#?[^\W\d][\w$]*)")
    return frozenset(name for part in _parts(site, source) for name in member.findall(part))


def words_used(site: Site, source: Source) -> frozenset[str]:
    """Return all words of the document, except for what is being written at `site`."""
    text = source.text
    return frozenset(_WORD.findall(text[: site.start])) | frozenset(
        _WORD.findall(text[site.start :])
    )


def _parts(site: Site, source: Source) -> Iterator[str]:
    """Split the text that can mean the same receiver, so that no name is read across `site`."""
    text, start, stop = source.text, 0, len(source.text)
    if source.language == "python" and site.receiver in ("self", "cls"):
        start, stop = class_around(text, site.start)
    yield text[start : site.start]
    yield text[site.start : stop]
