"""All monitors of a window, over one analyser."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from monitors.brace_lexer import SCRIPTS
from monitors.checkpoints import Checkpoints
from monitors.judging import judged_call, judged_names, names_at
from monitors.languages import WATCHED
from monitors.memory import Memory
from monitors.scanner import Scanner
from monitors.script_imports import imported_ahead, module_ahead
from monitors.types import Analyser, Answer, Names, Signature, Site, SiteKind, Source

_MOST_DOCUMENTS = 16
"""Documents whose reading is remembered."""
_MOST_CANDIDATES = 8
"""Texts of one watch that are read on where they were left."""


class KnownAnswers:
    """What the analyser has said about one document, for all who watch it.

    So whoever goes on with a text, by typing along or by asking again, asks nothing twice.
    """

    def __init__(self) -> None:
        self.names: Memory[Names] = Memory()
        self.calls: Memory[Signature | None] = Memory()

    def forget_unknown(self) -> None:
        """Let what was not known be asked for again: it may be known now."""
        self.names.forget(lambda names: bool(names.names))
        self.calls.forget(lambda call: call is not None)


class Guard:
    """Watches documents and asks one analyser what may be written in them.

    Args:
        analyser: Knows which names there are; closed by this.
    """

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._checkpoints: OrderedDict[tuple[Path, str], Checkpoints] = OrderedDict()
        self._known: OrderedDict[Path, KnownAnswers] = OrderedDict()

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Say which folders are open now, in place of those before. Never waits."""
        self._known.clear()
        self._analyser.use_folders(folders)

    def open(self, source: Source) -> None:
        """Say that a document is being edited. Never waits."""
        self._forget_others(source.path)
        self._analyser.open(source)

    def change(self, source: Source) -> None:
        """Say what it looks like now. Never waits."""
        self._forget_others(source.path)
        self._analyser.change(source)

    def close(self, path: Path) -> None:
        """Say that it is edited no more. Never waits."""
        self._known.clear()
        for key in [key for key in self._checkpoints if key[0] == path]:
            del self._checkpoints[key]
        self._analyser.close(path)

    def reading(self, source: Source, offset: int) -> Iterator[None]:
        """Read a document up to `offset` in small steps, so that it costs little to watch it."""
        if source.language in WATCHED:
            yield from self._checkpoints_of(source).reading(source.text, offset)

    def watch(self, source: Source, offset: int) -> "DocumentWatch | None":
        """Follow what is written at `offset`; None where no monitor has anything to say."""
        if source.language not in WATCHED:
            return None
        scanner = self._checkpoints_of(source).scanner_at(source.text, offset)
        return DocumentWatch(self._analyser, source, offset, scanner, self._known_of(source.path))

    def _checkpoints_of(self, source: Source) -> Checkpoints:
        key = source.path, source.language
        checkpoints = self._checkpoints.setdefault(key, Checkpoints(source.language))
        self._checkpoints.move_to_end(key)
        if len(self._checkpoints) > _MOST_DOCUMENTS:
            self._checkpoints.popitem(last=False)
        return checkpoints

    async def aclose(self) -> None:
        """Stop what was started for this."""
        await self._analyser.aclose()

    def _known_of(self, path: Path) -> KnownAnswers:
        known = self._known.setdefault(path, KnownAnswers())
        known.forget_unknown()
        self._known.move_to_end(path)
        if len(self._known) > _MOST_DOCUMENTS:
            self._known.popitem(last=False)
        return known

    def _forget_others(self, path: Path) -> None:
        """Forget what was said of other documents, which may depend on the one at `path`."""
        for other in [each for each in self._known if each != path]:
            del self._known[other]


class DocumentWatch:
    """Follows what is written at one place. Questions about it are asked one after another.

    For a newer question about a document ends the older ones, and those of one watch are all
    wanted.

    Args:
        analyser: Whom to ask.
        source: The document.
        offset: The cursor in it.
        scanner: Has read the document up to there.
        known: What was asked before about the document.
    """

    def __init__(
        self,
        analyser: Analyser,
        source: Source,
        offset: int,
        scanner: Scanner,
        known: KnownAnswers,
    ) -> None:
        self._analyser = analyser
        self._source = source
        self._offset = offset
        self._before, self._after = source.text[:offset], source.text[offset:]
        self._scanners = OrderedDict({"": scanner})
        self._ahead = module_ahead(self._after) if source.language in SCRIPTS else ""
        self._turn = asyncio.Lock()
        self._known = known

    def sites(self, written: str) -> Sequence[Site]:
        """Return the sites of a candidate that reads `written` so far, in order.

        Costs what was written since the last call for the same candidate. Names that the user
        has written out are not among them.
        """
        known = max((each for each in self._scanners if written.startswith(each)), key=len)
        scanner = self._scanners[known].clone()
        text = self._before + written
        found = scanner.sites(text)
        if self._ahead:
            found += imported_ahead(scanner, text, self._ahead)
        if known:
            del self._scanners[known]
        if written:
            self._scanners[written] = scanner
        if len(self._scanners) > _MOST_CANDIDATES:
            self._scanners.pop(next(each for each in self._scanners if each))
        return tuple(site for site in found if self._is_open(site))

    async def ask(self, site: Site, written: str) -> Answer:
        """Find out what may stand at `site`. Asked again, it answers from memory.

        Never raises for a failure of analysis: then nothing is forbidden, and `reason` says why.
        """
        if site.kind in (SiteKind.KEYWORD, SiteKind.ARITY):
            return await self._ask_call(site, written)
        source = self._source_at(site.start, written, self._ending(site))
        question = site.kind, _digest(source), site.start
        names = await self._known.names.get(question, lambda: self._names_at(site, source))
        return judged_names(site, names, source, self._offset)

    async def _ask_call(self, site: Site, written: str) -> Answer:
        source, offset = self._call_alone(site, written)
        question = _digest(source), offset
        call = await self._known.calls.get(question, lambda: self._signature(source, offset))
        return judged_call(site, call)

    async def _names_at(self, site: Site, source: Source) -> Names:
        async with self._turn:
            return await names_at(self._analyser, site, source)

    async def _signature(self, source: Source, offset: int) -> Signature | None:
        async with self._turn:
            return await self._analyser.signature(source, offset)

    def _source_at(self, offset: int, written: str, ending: str = "") -> Source:
        """Return the document with what is written up to `offset`, then `ending`."""
        text = (self._before + written)[:offset] + ending + self._after
        return replace(self._source, text=text)

    def _call_alone(self, site: Site, written: str) -> tuple[Source, int]:
        """Return the document with the call at the end of what is written, and its inside.

        It is closed, and stands in a statement of its own if it stands in brackets, else an
        analyser that does not know it speaks of the call around it.
        """
        if site.statement is None:
            return self._source_at(site.call, written, ")"), site.call
        call = f"{' '.join(site.receiver.split())}("
        return self._source_at(site.statement, written, f"{call})\n"), site.statement + len(call)

    def _is_open(self, site: Site) -> bool:
        """Tell whether the user has left a site to the model.

        Asking ahead is for names that the model begins, else it would be kept to known ones
        at the cursor.
        """
        if site.is_ahead:
            return site.start > self._offset
        return not site.is_ended or site.start + len(site.name) > self._offset

    def _ending(self, site: Site) -> str:
        """Return the module a name is imported from, without which it means nothing."""
        is_missing = site.kind is SiteKind.IMPORT and self._source.language in SCRIPTS
        return f" }} from {site.receiver!r};\n" if is_missing and not self._ahead else ""


def _digest(source: Source) -> bytes:
    """Return what stands for a document in a question that is remembered longer than its text."""
    text = source.text.encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=16, key=source.language.encode()).digest()
