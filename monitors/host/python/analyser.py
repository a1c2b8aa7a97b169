"""Python's analyser: ty as a language server."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from multilspy.multilspy_config import Language

from ..analysers import Call, Document, Found, ServerGoneError, Workspace
from ..served import LanguageServerProcess, ServerSpec, Settings
from .cutting import FALLBACK, GAP, Place, with_specials, without_name
from .environments import FolderEnvironments, PythonEnvironment
from .habits import usual_dereferences
from .openness import doubt, shown_type
from .signatures import read_call

NAME = "ty"
_KEYWORD_KIND = 14  # CompletionItemKind.Keyword
_MODULE_KIND = 9
_EVERY_OBJECT = frozenset(dir(object)) | {"__dict__", "__module__", "__annotations__"}
_EVERY_MODULE = frozenset(dir(ModuleType)) - {"__doc__"} | {"__pycache__"}
"""What no code imports, though every module has it."""
_MOST_AHEAD = 12
_COMPLETION = "textDocument/completion"
_HOVER = "textDocument/hover"
_DEFINITION = "textDocument/definition"


class _Question(NamedTuple):
    """What ty is asked about a place."""

    method: str
    place: Place


class PythonAnalyser:
    """Asks ty for names, and then whether these are all: only then they are an answer."""

    def __init__(self) -> None:
        self._server: LanguageServerProcess | None = None
        self._environments = FolderEnvironments(Workspace())
        self._documents: dict[Path, Document] = {}
        self._asked_about: Path | None = None
        self._unread: dict[Path, None] = {}
        self._reading: asyncio.Task[None] | None = None

    @property
    def _ty(self) -> LanguageServerProcess:
        if self._server is None:
            raise ServerGoneError("ty is not started.")
        return self._server

    async def start(self, workspace: Workspace) -> None:
        """Start ty over the workspace and the user's environments.

        Raises:
            ServerGoneError: If it is not installed or does not start.
        """
        self._environments = FolderEnvironments(workspace)
        self._server = LanguageServerProcess(_spec(self._settings), workspace.folders)
        await self._server.start()

    async def use_workspace(self, workspace: Workspace) -> bool:
        """Tell ty of other folders; it asks for the environment of each by itself."""
        self._environments = FolderEnvironments(workspace)
        return self._ty.use_folders(workspace.folders)

    async def open(self, document: Document) -> None:
        """Have ty see a document and, the first time, look at all of it."""
        if document.path not in self._documents:
            self._unread[document.path] = None
        await self.change(document)

    async def change(self, document: Document) -> None:
        """Have ty see its new text."""
        self._documents[document.path] = document
        async with self._undisturbed():
            self._ty.tell(document)

    async def close(self, path: Path) -> None:
        """Have ty forget it."""
        self._unread.pop(path, None)
        if self._documents.pop(path, None):
            self._ty.forget(path)

    async def members(self, document: Document, offset: int) -> Found:
        """Return the names after the dot before `offset`."""
        gap, (receiver, its_class, fallback) = with_specials(document, offset)
        listed, *shown, definitions = await self._answers(
            _Question(_COMPLETION, gap),
            _Question(_HOVER, receiver),
            _Question(_HOVER, its_class),
            _Question(_HOVER, fallback),
            _Question(_DEFINITION, fallback),
        )
        items = _items(listed)
        names = frozenset(item["label"] for item in items)
        if all(name.startswith("__") for name in names) or names <= _EVERY_OBJECT:
            return Found(analyser=NAME, reason="the type is not known")
        has_fallback = FALLBACK in names and (not _is_module(items) or bool(definitions))
        reason = doubt(*map(shown_type, shown), has_fallback=has_fallback)
        return Found(frozenset() if reason else names, NAME, reason)

    async def importable(self, document: Document, offset: int) -> Found:
        """Return modules, or names out of one."""
        is_in_path = document.text[offset - 1 : offset] == "."
        place = Place(without_name(document, offset, "" if is_in_path else FALLBACK), offset)
        listed, definitions = await self._answers(
            _Question(_COMPLETION, place), _Question(_DEFINITION, place)
        )
        items = _items(listed)
        names = frozenset(item["label"] for item in items) - _EVERY_MODULE
        if not names:
            return Found(analyser=NAME, reason="the module is not known")
        if all(item.get("kind") == _MODULE_KIND for item in items):
            # A module's path, which no code makes up.
            is_known = is_in_path or self._has_environment(document.path)
            reason = "" if is_known else "the project's environment is not known"
        else:
            reason = "any name may be there" if definitions else ""
        return Found(frozenset() if reason else names, NAME, reason)

    async def types(self, document: Document, offset: int) -> Found:
        """Return every name in sight: an alias of a type is a variable as any other."""
        items = await self._listed(without_name(document, offset, "_"), offset)
        names = frozenset(item["label"] for item in items)
        if not names:
            return Found(analyser=NAME, reason="nothing is in sight")
        return Found(names | {"None"}, NAME)

    async def cases(self, document: Document, offset: int) -> Found:
        """Return the cases of the enumeration before the dot."""
        items = await self._listed(without_name(document, offset, GAP), offset)
        cases = (item["label"] for item in items if _is_case(item))
        names = frozenset(cases)
        return Found(names, NAME, "" if names else "no enumeration")

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return what the call around `offset` takes."""
        # Some argument must stand there, or ty does not see a call that is never closed.
        place = Place(without_name(document, offset, "_"), offset)
        (answer,) = await self._answers(_Question("textDocument/signatureHelp", place))
        return read_call(answer, NAME)

    def is_reading(self) -> bool:
        """Tell whether a document is being read ahead."""
        return self._reading is not None and not self._reading.done()

    def process_ids(self) -> Sequence[int]:
        """Return ty's processes."""
        return self._server.process_ids() if self._server else ()

    async def aclose(self) -> None:
        """End ty."""
        await self._stop_reading()
        if self._server:
            await self._server.aclose()

    async def _listed(self, document: Document, offset: int) -> list[dict[str, Any]]:
        (answer,) = await self._answers(_Question(_COMPLETION, Place(document, offset)))
        return _items(answer)

    async def _answers(self, *questions: _Question) -> list[Any]:
        """Return ty's answers to questions about one document.

        Those about one text are asked together; a newer text ends the questions about the last.
        """
        answers: list[Any] = []
        async with self._undisturbed():
            self._turn_to(questions[0].place.document.path)
            for _, alike in groupby(questions, key=lambda question: question.place.document):
                asked = [
                    self._ty.ask_at(method, place.document, place.offset) for method, place in alike
                ]
                answers += await asyncio.gather(*asked)
        return answers

    def _has_environment(self, path: Path) -> bool:
        """Tell whether the environment of a file is its project's own."""
        environment = self._environments.for_file(path)
        return environment is not None and environment.is_projects

    def _settings(self, folder: Path | None) -> dict[str, Any]:
        return {"ty": _ty_settings(self._environments.of(folder))}

    def _turn_to(self, path: Path) -> None:
        """Show other documents again as they are: one was last seen with a candidate in it."""
        before, self._asked_about = self._asked_about, path
        if before is None or before == path:
            return
        if before in self._documents:
            self._ty.tell(self._documents[before])
        else:
            self._ty.forget(before)

    @asynccontextmanager
    async def _undisturbed(self) -> AsyncIterator[None]:
        """Read nothing ahead within this, and what is left to be read after it."""
        await self._stop_reading()
        try:
            yield
        finally:
            if self._unread:
                self._reading = asyncio.ensure_future(self._read_ahead())

    async def _read_ahead(self) -> None:
        """Have ty look at all of the documents that were opened, the newest first.

        Then it is asked what is likely to be asked about them, for what it learns on the way.
        """
        with suppress(ServerGoneError):  # the next question says so
            while self._unread:
                document = self._documents[next(reversed(self._unread))]
                self._turn_to(document.path)
                self._ty.tell(document)
                params = {"textDocument": {"uri": document.path.as_uri()}}
                await self._ty.request("textDocument/diagnostic", params)
                for offset in usual_dereferences(document.text, _MOST_AHEAD):
                    gap = without_name(document, offset, GAP)
                    await self._ty.ask_at(_COMPLETION, gap, offset)
                self._ty.tell(document)
                self._unread.pop(document.path, None)

    async def _stop_reading(self) -> None:
        reading, self._reading = self._reading, None
        if reading and not reading.done():
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _items(answer: Any) -> list[dict[str, Any]]:
    found = answer.get("items") if isinstance(answer, dict) else answer
    return [
        item
        for item in found or ()
        if item.get("kind") != _KEYWORD_KIND and item["label"].isidentifier()
    ]


def _is_module(items: Iterable[dict[str, Any]]) -> bool:
    """Tell whether these are of a module: each has a `__getattr__`, which is that of its type."""
    details = (item.get("detail") or "" for item in items if item["label"] == FALLBACK)
    return any(detail.startswith("bound method ModuleType.") for detail in details)


def _is_case(item: dict[str, Any]) -> bool:
    """Tell whether a name is of an enumeration's case: its type is that one value."""
    detail = item.get("detail") or ""
    return detail.startswith("Literal[") and detail.endswith(f".{item['label']}]")


def _ty_settings(environment: PythonEnvironment | None) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        # Documents are checked for what is learnt on the way, not for what is wrong in them.
        "rules": {"all": "ignore"},
    }
    if environment:
        configuration["environment"] = {"python": str(environment.prefix)}
    return {
        "configuration": configuration,
        "completions": {"autoImport": False},
        "diagnosticMode": "openFilesOnly",
    }


def _spec(settings: Settings) -> ServerSpec:
    # Variables for the host are not for the user's code.
    hidden = {"PYTHONPATH": "", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""}
    command = (str(Path(sys.executable).with_name("ty")), "server")
    return ServerSpec(command, Language.PYTHON, environment=hidden, settings=settings)
