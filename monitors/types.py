"""What monitors, analysers and the room above say to each other.

A *monitor* finds places where a name begins, an *analyser* knows which names are there, a
*watch* follows one text while it is written and joins the two. Offsets are code points,
0-based; ranges are half-open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class SiteKind(StrEnum):
    """What begins at a site."""

    MEMBER = "member"  # after `value.`, `value?.`, `value->`, `Type::`
    MODULE = "module"  # a module's path, after `import` and `from`
    IMPORT = "import"  # a name out of a module
    KEYWORD = "keyword"  # the name of a keyword argument
    ARITY = "arity"  # one argument more, or the end of the call
    CASE = "case"  # a case of an enumeration
    TYPE = "type"  # a type, after `new` or in an annotation


@dataclass(frozen=True, slots=True)
class Source:
    """A document as an analyser is to see it, which may be on no disk.

    Attributes:
        path: Absolute; of a file that may not exist.
        language: An LSP language identifier.
        text: All of it.
    """

    path: Path
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a text where a name begins that analysis may know.

    Attributes:
        kind: What begins there.
        start: Offset of the name in the text; the analyser is asked there.
        name: As far as it is written.
        is_ended: Whether something follows that cannot make it longer.
        receiver: What it is asked of, such as `self.session` or a module's path; for people.
        taken: Names that are spoken for, such as keyword arguments already given.
        call: Where the first argument of the call begins, for `KEYWORD` and `ARITY`.
        statement: Where the statement begins, if the call stands within other brackets.
        num_before: How many arguments without a name stand before, for `ARITY`.
        is_ahead: Whether it may still be no site, as where a statement may define the name. It
            is there to be asked about ahead of time, and has an empty name, which is allowed.
    """

    kind: SiteKind
    start: int
    name: str
    is_ended: bool
    receiver: str = ""
    taken: frozenset[str] = frozenset()
    call: int = 0
    statement: int | None = None
    num_before: int = 0
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What an analyser knows to be possible at an offset.

    Attributes:
        names: Bare, without signatures. None at all means: it does not know.
        analyser: Who says so, for people: "jedi", "typescript".
        took_ms: From the question to the answer.
        reason: Why there are none, a few words for people.
    """

    names: frozenset[str]
    analyser: str = ""
    took_ms: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a call may be given.

    Attributes:
        keywords: Names that may be given by name.
        takes_any_keyword: Whether it takes others too, as `**options` does.
        most_positional: Most arguments without a name; None if there is no limit.
        analyser: Who says so.
        took_ms: From the question to the answer.
    """

    keywords: frozenset[str]
    takes_any_keyword: bool
    most_positional: int | None
    analyser: str = ""
    took_ms: float = 0.0


class Analyser(Protocol):
    """Static analysis of documents that are being written. Used from one event loop.

    Every method may take long; whoever asks sets the bound, and cancelling is cheap. None
    raises for anything a user's code can contain: not to know is an answer.
    """

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Say which folders are open now, in place of those before. Never waits."""
        ...

    def open(self, source: Source) -> None:
        """Say that a document is being edited, so that it is read ahead. Never waits."""
        ...

    def change(self, source: Source) -> None:
        """Say what it looks like now. Never waits."""
        ...

    def close(self, path: Path) -> None:
        """Say that it is edited no more. Never waits."""
        ...

    async def members(self, source: Source, offset: int) -> Names:
        """Return the names that may follow the receiver whose dot stands just before `offset`."""
        ...

    async def importable(self, source: Source, offset: int) -> Names:
        """Return modules or names that may be imported at `offset`."""
        ...

    async def types(self, source: Source, offset: int) -> Names:
        """Return the types that are in sight at `offset`."""
        ...

    async def cases(self, source: Source, offset: int) -> Names:
        """Return the cases of the enumeration that is matched at `offset`."""
        ...

    async def signature(self, source: Source, offset: int) -> Signature | None:
        """Return what the call whose argument begins at `offset` takes; None if unknown."""
        ...

    async def aclose(self) -> None:
        """Stop what was started for this."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What may stand at a site.

    Attributes:
        site: Where.
        texts: What may stand there, each as a whole: names, `name=`, a closing bracket. None at
            all means that nothing is forbidden.
        analyser: Who says so.
        took_ms: From the question to the answer.
        reason: Why nothing is forbidden, a few words for people.
    """

    site: Site
    texts: frozenset[str]
    analyser: str = ""
    took_ms: float = 0.0
    reason: str = ""

    def continuations(self, typed: str) -> frozenset[str]:
        """Return what may follow `typed`, the part of a name that stands before the cursor.

        None at all means that nothing is forbidden, or that the user wants something else.
        """
        return frozenset(text[len(typed) :] for text in self.texts if text.startswith(typed))

    def allows(self, name: str, *, is_ended: bool) -> bool:
        """Tell whether `name` may stand there: as a whole, or, if not ended, as a beginning."""
        if not self.texts:
            return True
        if is_ended:
            return name in self.texts
        return any(text.startswith(name) for text in self.texts)


class Watch(Protocol):
    """Follows what is written at one place of one document. Several candidates may share it."""

    def sites(self, written: str) -> Sequence[Site]:
        """Return the sites of a candidate that reads `written` so far, in order.

        The first may begin before the cursor, where the user has typed a part of a name; a
        site's offset counts from the document's beginning, as if `written` stood in it. Quick.
        """
        ...

    async def ask(self, site: Site, written: str) -> Answer:
        """Find out what may stand at `site`. Asked again, it answers from memory.

        Never raises for a failure of analysis: then nothing is forbidden, and `reason` says why.
        """
        ...


class Monitors(Protocol):
    """All monitors of a window, as the room above uses them. Used from one event loop."""

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Say which folders are open now, in place of those before. Never waits."""
        ...

    def open(self, source: Source) -> None:
        """Say that a document is being edited. Never waits."""
        ...

    def change(self, source: Source) -> None:
        """Say what it looks like now. Never waits."""
        ...

    def close(self, path: Path) -> None:
        """Say that it is edited no more. Never waits."""
        ...

    def reading(self, source: Source, offset: int) -> Iterator[None]:
        """Read a document up to `offset`, so that it costs little to watch it there.

        Takes a step of a few milliseconds whenever it is asked for the next one; ends early if
        another text of the document is read meanwhile.
        """
        ...

    def watch(self, source: Source, offset: int) -> Watch | None:
        """Follow what is written at `offset`; None where no monitor has anything to say."""
        ...

    async def aclose(self) -> None:
        """Stop what was started for this."""
        ...
