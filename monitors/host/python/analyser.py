"""Python's analyser: ty as a language server."""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from multilspy.multilspy_config import Language

from ..analysers import Call, Document, Found, ServerGoneError, Workspace
from ..served import LanguageServerProcess, ServerSpec, Settings
from .cutting import GAP, INVENTED, with_invented_name, without_name
from .environments import FolderEnvironments, PythonEnvironment
from .openness import doubt
from .signatures import read_call

NAME = "ty"
_KEYWORD_KIND = 14  # CompletionItemKind.Keyword
_MODULE_KIND = 9
_EVERY_OBJECT = frozenset(dir(object)) | {"__dict__", "__module__", "__annotations__"}
_EVERY_MODULE = frozenset(dir(ModuleType)) - {"__doc__"} | {"__pycache__"}
"""What no code imports, though every module has it."""
_REMEMBERED_S = 300.0
_MOST_REMEMBERED = 4096


class PythonAnalyser:
    """Asks ty for names, and then whether these are all: only then they are an answer."""

    def __init__(self) -> None:
        self._server: LanguageServerProcess | None = None
        self._environments = FolderEnvironments(Workspace())
        self._documents: dict[Path, Document] = {}
        self._asked_about: Path | None = None
        self._complete: dict[tuple[str, frozenset[str]], float] = {}
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
        """Have ty see a document and look at all of it."""
        self._documents[document.path] = document
        await self._stop_reading()
        self._ty.tell(document)
        self._reading = asyncio.ensure_future(self._read_ahead(document))

    async def change(self, document: Document) -> None:
        """Have ty see its new text."""
        self._documents[document.path] = document
        self._ty.tell(document)

    async def close(self, path: Path) -> None:
        """Have ty forget it."""
        if self._documents.pop(path, None):
            self._ty.forget(path)

    async def members(self, document: Document, offset: int) -> Found:
        """Return the names after the dot before `offset`."""
        both = with_invented_name(document, offset)
        gap = both or without_name(document, offset, GAP)
        items, receiver = await asyncio.gather(
            self._items(gap, offset), self._type_at(gap, offset - 2)
        )
        names = frozenset(item["label"] for item in items)
        if all(name.startswith("__") for name in names) or names <= _EVERY_OBJECT:
            return Found(analyser=NAME, reason="the type is not known")
        invented = both or without_name(document, offset, INVENTED)
        reason = await self._reason_for_doubt(invented, (receiver, names))
        return Found(frozenset() if reason else names, NAME, reason)

    async def importable(self, document: Document, offset: int) -> Found:
        """Return modules, or names out of one."""
        items = await self._items(without_name(document, offset), offset)
        names = frozenset(item["label"] for item in items) - _EVERY_MODULE
        if not names:
            return Found(analyser=NAME, reason="the module is not known")
        if all(item.get("kind") == _MODULE_KIND for item in items):
            # A module's path, which no code makes up.
            is_known = document.text[offset - 1] == "." or self._has_environment(document.path)
            reason = "" if is_known else "the project's environment is not known"
            return Found(names if is_known else frozenset(), NAME, reason)
        invented = without_name(document, offset, INVENTED)
        reason = await self._reason_for_doubt(invented, ("a module", names))
        return Found(frozenset() if reason else names, NAME, reason)

    async def types(self, document: Document, offset: int) -> Found:
        """Return every name in sight: an alias of a type is a variable as any other."""
        items = await self._items(without_name(document, offset, "_"), offset)
        names = frozenset(item["label"] for item in items)
        if not names:
            return Found(analyser=NAME, reason="nothing is in sight")
        return Found(names | {"None"}, NAME)

    async def cases(self, document: Document, offset: int) -> Found:
        """Return the cases of the enumeration before the dot."""
        items = await self._items(without_name(document, offset, GAP), offset)
        cases = (item["label"] for item in items if _is_case(item))
        names = frozenset(cases)
        return Found(names, NAME, "" if names else "no enumeration")

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return what the call around `offset` takes."""
        await self._turn_to(document.path)
        # Some argument must stand there, or ty does not see a call that is never closed.
        cut = without_name(document, offset, "_")
        answer = await self._ty.ask_at("textDocument/signatureHelp", cut, offset)
        return read_call(answer, NAME)

    def process_ids(self) -> Sequence[int]:
        """Return ty's processes."""
        return self._server.process_ids() if self._server else ()

    async def aclose(self) -> None:
        """End ty."""
        await self._stop_reading()
        if self._server:
            await self._server.aclose()

    async def _items(self, document: Document, offset: int) -> list[dict[str, Any]]:
        await self._turn_to(document.path)
        answer = await self._ty.ask_at("textDocument/completion", document, offset)
        found = answer.get("items") if isinstance(answer, dict) else answer
        return [
            item
            for item in found or ()
            if item.get("kind") != _KEYWORD_KIND and item["label"].isidentifier()
        ]

    async def _type_at(self, document: Document, offset: int) -> str:
        """Return how ty writes the type of what stands at `offset`; "" if it does not say."""
        answer = await self._ty.ask_at("textDocument/hover", document, max(offset, 0))
        contents = (answer or {}).get("contents") or ""
        shown = contents["value"] if isinstance(contents, dict) else str(contents)
        return shown.partition("\n")[0]

    async def _reason_for_doubt(
        self, invented: Document, kept_as: tuple[str, frozenset[str]]
    ) -> str:
        """Return why there may be other names; remembered where there is no reason.

        ty says nothing in code that is never reached, or where it is told to be silent: so a
        doubt counts for its place only.

        Args:
            invented: The document with an invented name.
            kept_as: The type as ty writes it, and its names.
        """
        now_s = time.monotonic()
        if kept_as[0] and now_s - self._complete.get(kept_as, -_REMEMBERED_S) < _REMEMBERED_S:
            return ""
        reason = doubt(await self._complaints(invented))
        if not reason:
            if len(self._complete) >= _MOST_REMEMBERED:
                self._complete.clear()
            self._complete[kept_as] = now_s
        return reason

    async def _complaints(self, document: Document) -> list[str]:
        self._ty.tell(document)
        params = {"textDocument": {"uri": document.path.as_uri()}}
        answer = await self._ty.request("textDocument/diagnostic", params)
        return [item["message"] for item in (answer or {}).get("items", ())]

    def _has_environment(self, path: Path) -> bool:
        """Tell whether the environment of a file is its project's own."""
        environment = self._environments.for_file(path)
        return environment is not None and environment.is_projects

    def _settings(self, folder: Path | None) -> dict[str, Any]:
        return {"ty": _ty_settings(self._environments.of(folder))}

    async def _turn_to(self, path: Path) -> None:
        """Show other documents again as they are: one was last seen with a candidate in it."""
        await self._stop_reading()
        before, self._asked_about = self._asked_about, path
        if before is None or before == path:
            return
        if before in self._documents:
            self._ty.tell(self._documents[before])
        else:
            self._ty.forget(before)

    async def _read_ahead(self, document: Document) -> None:
        with suppress(ServerGoneError):  # the next question says so
            await self._complaints(document)

    async def _stop_reading(self) -> None:
        reading, self._reading = self._reading, None
        if reading and not reading.done():
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _is_case(item: dict[str, Any]) -> bool:
    """Tell whether a name is of an enumeration's case: its type is that one value."""
    detail = item.get("detail") or ""
    return detail.startswith("Literal[") and detail.endswith(f".{item['label']}]")


def _ty_settings(environment: PythonEnvironment | None) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "rules": {"all": "ignore", "missing-attribute": "error", "missing-module-member": "error"},
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
