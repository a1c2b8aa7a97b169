"""From what an analyser says to what may stand at a site."""

import re
from collections.abc import Iterable

from monitors.document_names import class_around, is_optional_import, names_after
from monitors.types import Analyser, Answer, Names, Signature, Site, SiteKind, Source

_EVERYWHERE = frozenset(
    f"__{word}__"
    for word in (
        "all annotations bases class code dict doc file func init init_subclass module mro name"
        " new path qualname self slots spec subclasses version weakref wrapped"
    ).split()
)
"""Names with underscores around that analysers leave out here and there."""
_OF_OBJECT = frozenset(dir(object)) | _EVERYWHERE
_FEWEST = 2
"""Names that a receiver must have, besides those that every object has, to be believed."""


async def names_at(analyser: Analyser, site: Site, source: Source) -> Names:
    """Ask which names there are at `site`. `source` lacks what was written of the name."""
    ask = {
        SiteKind.MEMBER: analyser.members,
        SiteKind.MODULE: analyser.importable,
        SiteKind.IMPORT: analyser.importable,
        SiteKind.CASE: analyser.cases,
        SiteKind.TYPE: analyser.types,
    }[site.kind]
    return await ask(source, site.start)


def judged_names(site: Site, names: Names, source: Source) -> Answer:
    """Return what may stand at `site`: what the analyser knows, and what the document uses."""
    reason = names.reason or _doubt(site, names.names, source)
    if reason:
        return Answer(site, frozenset(), names.analyser, names.took_ms, reason)
    known = names.names | _used(site, source)
    return Answer(site, frozenset(known), names.analyser, names.took_ms)


def judged_call(site: Site, call: Signature | None) -> Answer:
    """Return what may stand at a call's argument."""
    if call is None:
        return Answer(site, frozenset(), reason="the call is not known")
    reason = _acceptance(site, call)
    if reason:
        return Answer(site, frozenset(), call.analyser, call.took_ms, reason)
    left = {f"{name}=" for name in call.keywords - site.taken}
    texts = left | {")"}
    if site.kind is SiteKind.ARITY:
        gap = re.match(r",?\s*", site.name)
        texts = {f"{gap[0] if gap else ''}{name}" for name in left} | {")"}
    return Answer(site, frozenset(texts), call.analyser, call.took_ms)


def _acceptance(site: Site, call: Signature) -> str:
    if site.kind is SiteKind.KEYWORD:
        return "the call takes any keyword" if call.takes_any_keyword else ""
    if call.most_positional is None:
        return "the call takes any number of arguments"
    return "the call takes more arguments" if site.num_before < call.most_positional else ""


def _doubt(site: Site, names: Iterable[str], source: Source) -> str:
    """Say why the analyser is not to be believed; nothing if it is."""
    own = set(names) - _OF_OBJECT
    if not names:
        return "analysis knows no names here"
    if site.kind is SiteKind.MEMBER and source.language == "python":
        if "__getattr__" in own:
            return "names are made up while the program runs"
        if len({name for name in own if not name.startswith("__")}) < _FEWEST:
            return "analysis knows hardly a name here"
    if site.kind in (SiteKind.MODULE, SiteKind.IMPORT) and source.language == "python":
        if is_optional_import(source.text, site.start):
            return "the import may fail"
    return ""


def _used(site: Site, source: Source) -> set[str]:
    if site.kind is not SiteKind.MEMBER:
        return set()
    text, start, stop = source.text, 0, len(source.text)
    if source.language == "python" and site.receiver in ("self", "cls"):
        start, stop = class_around(text, site.start)
    before, after = text[start : site.start], text[site.start : stop]
    return names_after(site.receiver, before) | names_after(site.receiver, after) | _EVERYWHERE
