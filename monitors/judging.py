"""From what an analyser says to what may stand at a site."""

import builtins
import re

from monitors.document_names import members_used, words_used
from monitors.python_doubts import SPECIAL_MEMBERS, import_doubt, member_doubt
from monitors.types import Analyser, Answer, Names, Signature, Site, SiteKind, Source

_WORDS = {
    "java": frozenset(("class", "this", "super", "new", "length")),
    "cpp": frozenset(("operator", "template")),
    "python": SPECIAL_MEMBERS,
}
"""Words of a language that may stand where a member's name may."""
_TYPE_WORDS = frozenset(
    (
        *("boolean", "byte", "char", "double", "float", "int", "long", "short"),
        *("signed", "unsigned", "void", "bool", "auto", "const"),
        *dir(builtins),
    )
)
_IMPORTS = (SiteKind.MODULE, SiteKind.IMPORT)


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


def judged_names(site: Site, names: Names, source: Source, cursor: int) -> Answer:
    """Return what may stand at `site`: what the analyser knows, and what the document uses.

    Args:
        site: Where a name begins.
        names: What the analyser says.
        source: What it was asked about: the document with what is written before `site`.
        cursor: Where that begins.
    """
    reason = "" if names.names else names.reason or "analysis knows no names here"
    reason = reason or _doubt(site, names, source)
    texts = frozenset() if reason else names.names | _more(site, source, cursor)
    return Answer(site, texts, names.analyser, names.took_ms, reason)


def judged_call(site: Site, call: Signature | None) -> Answer:
    """Return what may stand at a call's argument."""
    if call is None:
        return Answer(site, frozenset(), reason="the call is not known")
    reason = _why_taken(site, call)
    texts = frozenset() if reason else _instead(site, call)
    return Answer(site, texts, call.analyser, call.took_ms, reason)


def _doubt(site: Site, names: Names, source: Source) -> str:
    """Say why the analyser is not to be believed; nothing if it is."""
    if source.language != "python":
        return ""
    if site.kind is SiteKind.MEMBER:
        return member_doubt(names.names)
    return import_doubt(site, source.text) if site.kind in _IMPORTS else ""


def _more(site: Site, source: Source, cursor: int) -> frozenset[str]:
    """Return what is possible besides what the analyser says."""
    if site.kind is SiteKind.MEMBER:
        of_language = _WORDS.get(source.language, frozenset())
        return of_language | members_used(site, source, cursor)
    if site.kind is SiteKind.TYPE or source.language in ("c", "cpp"):
        return _TYPE_WORDS | words_used(site, source, cursor)
    return frozenset()


def _why_taken(site: Site, call: Signature) -> str:
    """Say why the call takes any argument at `site`; nothing if it may not."""
    if site.kind is SiteKind.KEYWORD:
        return "the call takes any keyword" if call.takes_any_keyword else ""
    if call.most_positional is None:
        return "the call takes any number of arguments"
    return "the call takes more arguments" if site.num_before < call.most_positional else ""


def _instead(site: Site, call: Signature) -> frozenset[str]:
    """Return the arguments that are left, and the end of the call."""
    keywords = {f"{name}=" for name in call.keywords - site.taken}
    if site.kind is SiteKind.ARITY:
        separator = re.match(r",?\s*", site.name)
        keywords = {f"{separator[0] if separator else ''}{keyword}" for keyword in keywords}
    return frozenset(keywords | {")"})
