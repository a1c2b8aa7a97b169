"""What stands around the model's own text, and what of an answer goes with it."""

import re
from dataclasses import dataclass

from engine.protocol.messages import MAX_CONTINUATION_BYTES, MAX_CONTINUATIONS
from monitors.types import Answer, Site

_WORD = re.compile(r"[\w$]*")


@dataclass(frozen=True, slots=True)
class Given:
    """The text that is not the model's to change.

    Attributes:
        before: The document up to the cursor.
        after: The document from there on.
        forced_text: What every candidate begins with.
    """

    before: str
    after: str
    forced_text: str = ""

    @property
    def stop(self) -> int:
        """Offset where the model's own text begins."""
        return len(self.before) + len(self.forced_text)

    def covers(self, site: Site) -> bool:
        """Tell whether a name is given as a whole, so that it is nobody's to judge."""
        return site.start + len(site.name) < self.stop

    def has_typed(self, site: Site) -> bool:
        """Tell whether a part of the name is given."""
        return site.start < self.stop

    def is_open_at_stop(self, site: Site) -> bool:
        """Tell whether the model's first characters belong to the name at `site`."""
        is_open = not site.is_ended and not site.is_ahead
        return is_open and site.start + len(site.name) == self.stop

    def written_before(self, site: Site, written: str) -> str:
        """Return what of `written` stays where the name at `site` is written anew."""
        return written[: max(site.start - len(self.before), len(self.forced_text))]

    def written_with(self, site: Site, written: str) -> str:
        """Return `written` up to the end of the name at `site`."""
        return written[: site.start + len(site.name) - len(self.before)]

    def continuations(self, answer: Answer) -> tuple[str, ...]:
        """Return what may follow the given part of a name, sorted.

        Where the rest of a name stands after the cursor, what is before that may follow too.
        None at all where nothing that is known begins like that: whoever typed it knows more
        than analysis does. Nor where there are more than an engine takes.
        """
        typed = (self.before + self.forced_text)[answer.site.start :]
        found = {text[len(typed) :] for text in answer.texts if text.startswith(typed)}
        if rest := _leading_word(self.after):
            found |= {text.removesuffix(rest) for text in found if text.endswith(rest)}
        return tuple(sorted(found)) if _may_be_sent(found) else ()

    def forbids(self, answer: Answer, site: Site, written: str, *, is_whole: bool) -> bool:
        """Tell whether `written` has at `site` what may not stand there.

        Args:
            answer: What may stand there.
            site: As it is in `written`.
            written: A candidate, as far as it is written.
            is_whole: Whether nothing more will be written.
        """
        reaches_end = site.start + len(site.name) == len(self.before) + len(written)
        if site.is_ended or not (is_whole and reaches_end):
            return not answer.allows(site.name, is_ended=site.is_ended)
        name = site.name + _leading_word(self.after)
        is_own = bool(site.name) and bool(written)
        return is_own and not any(_may_end(name, text) for text in answer.texts)


def _may_be_sent(texts: set[str]) -> bool:
    """Tell whether an engine takes so many, with room for as much of forced text."""
    if len(texts) > MAX_CONTINUATIONS:
        return False
    return (
        sum(len(text.encode("utf-8", "replace")) for text in texts) <= MAX_CONTINUATION_BYTES // 2
    )


def _leading_word(text: str) -> str:
    found = _WORD.match(text)
    return found[0] if found else ""


def _may_end(name: str, text: str) -> bool:
    """Tell whether `name` is all of `text`, or all of the name in it, as in `key=`."""
    return text.startswith(name) and not _leading_word(text[len(name) :])
