"""A language server in a child process, reached through multilspy's client.

multilspy starts the process and speaks the protocol. What it lacks is done here: text that is
on no disk, positions in the units that were agreed upon, an end to a wait when the process ends,
and an end of the process when the host ends.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
from multilspy.language_server import LanguageServer
from multilspy.lsp_protocol_handler.server import Error, ProcessLaunchInfo
from multilspy.multilspy_config import Language, MultilspyConfig
from multilspy.multilspy_logger import MultilspyLogger

from .analysers import Document, ServerGoneError
from .positions import Encoding, position_at

START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 3.0
_MOST_TASKS = 256
_LEASH = Path(__file__).with_name("leash.py")


Settings = Callable[[Path | None], Mapping[str, Any]]


def _no_settings(_folder: Path | None) -> Mapping[str, Any]:
    return {}


class ServerSpec:
    """How a server is started and what it is told first.

    Attributes:
        command: Program and arguments.
        language: What multilspy calls the language; its name only, nothing hangs on it.
        environment: Variables beside those of the host; "" hides one.
        options: `initializationOptions`.
        settings: Answers to `workspace/configuration` for a folder, or for none, by section.
        start_timeout_s: How long it may take until it shakes hands.
    """

    def __init__(
        self,
        command: Sequence[str],
        language: Language,
        *,
        environment: Mapping[str, str] | None = None,
        options: Any = None,
        settings: Settings | None = None,
        start_timeout_s: float = START_TIMEOUT_S,
    ) -> None:
        self.command = tuple(command)
        self.language = language
        self.environment = dict(environment or {})
        self.options = options
        self.settings = settings or _no_settings
        self.start_timeout_s = start_timeout_s


class LanguageServerProcess:
    """One language server. Used from one event loop.

    Args:
        spec: How to start it.
        folders: Workspace folders.
    """

    def __init__(self, spec: ServerSpec, folders: Sequence[Path]) -> None:
        self._spec = spec
        self._client = _Client(spec, folders)
        self._stack = AsyncExitStack()
        self._versions: dict[Path, int] = {}
        self._texts: dict[Path, str] = {}

    async def start(self) -> None:
        """Start the process and shake hands.

        Raises:
            ServerGoneError: If it cannot be started or does not answer in time.
        """
        try:
            async with asyncio.timeout(self._spec.start_timeout_s):
                await self._stack.enter_async_context(self._client.start_server())
        except (OSError, TimeoutError, Error) as error:
            await self.aclose()
            raise ServerGoneError(
                f"{self._spec.command[0]} did not start"
                f" ({error or 'no answer'}); look into the installation of the analysers."
            ) from error

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the server says it can do."""
        return self._client.capabilities

    def use_folders(self, folders: Sequence[Path]) -> bool:
        """Tell the server which folders have come and gone; False if it cannot be told."""
        support = (self.capabilities.get("workspace") or {}).get("workspaceFolders") or {}
        before, self._client.folders = self._client.folders, tuple(folders)
        if not support.get("changeNotifications"):
            return False
        added = [_folder(each) for each in folders if each not in before]
        removed = [_folder(each) for each in before if each not in folders]
        event = {"added": added, "removed": removed}
        self.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        return True

    def tell(self, document: Document) -> None:
        """Let the server see a document as it is now; only sent where it differs."""
        uri, text = document.path.as_uri(), document.text
        if document.path not in self._versions:
            self._versions[document.path] = 0
            item = {"uri": uri, "languageId": document.language, "version": 0, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": item})
        elif self._texts[document.path] != text:
            self._versions[document.path] += 1
            version = {"uri": uri, "version": self._versions[document.path]}
            change = {"textDocument": version, "contentChanges": [{"text": text}]}
            self.notify("textDocument/didChange", change)
        self._texts[document.path] = text

    def forget(self, path: Path) -> None:
        """Let the server close a document."""
        if self._versions.pop(path, None) is not None:
            del self._texts[path]
            self.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    async def ask_at(self, method: str, document: Document, offset: int, **more: Any) -> Any:
        """Return the server's answer about a place in a document, which it is told first.

        Raises:
            ServerGoneError: If the process ended.
        """
        self.tell(document)
        place = {
            "textDocument": {"uri": document.path.as_uri()},
            "position": position_at(document.text, offset, self._client.encoding),
        }
        return await self.request(method, place | more)

    async def request(self, method: str, params: Any) -> Any:
        """Return the server's answer; None where it answers with an error.

        Raises:
            ServerGoneError: If the process ended.
        """
        request_ids: list[int] = []
        asked = asyncio.ensure_future(self._send(method, params, request_ids))
        ended = asyncio.ensure_future(self._client.ended.wait())
        try:
            await asyncio.wait((asked, ended), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ServerGoneError(f"{self._spec.command[0]} ended.")
            return asked.result()
        except Error:
            return None
        except OSError as error:
            raise ServerGoneError(f"{self._spec.command[0]} takes nothing any more.") from error
        except asyncio.CancelledError:
            for request_id in request_ids:
                self.notify("$/cancelRequest", {"id": request_id})
            raise
        finally:
            asked.cancel()
            ended.cancel()
            self._forget_done_tasks()

    async def _send(self, method: str, params: Any, request_ids: list[int]) -> Any:
        """Send a request and note the number that multilspy is about to give it."""
        request_ids.append(self._client.server.request_id)
        return await self._client.server.send_request(method, params)

    def _forget_done_tasks(self) -> None:
        """Do what multilspy does not: it keeps a task for every message it ever got."""
        tasks = self._client.server.tasks
        if len(tasks) > _MOST_TASKS:
            for key in [key for key, task in tasks.items() if task.done()]:
                del tasks[key]

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something. Never waits, never raises."""
        with suppress(OSError, RuntimeError):  # it ended: the next question says so
            self._client.server.send_notification(method, params)

    def on_notification(self, method: str, callback: Any) -> None:
        """Have `callback(params)`, a coroutine function, called when the server tells something."""
        self._client.server.on_notification(method, callback)

    def process_ids(self) -> tuple[int, ...]:
        """Return the processes of the server that live."""
        process = self._client.server.process
        if process is None or process.returncode is not None:
            return ()
        try:
            children = psutil.Process(process.pid).children(recursive=True)
        except psutil.Error:
            return ()
        return (process.pid, *(child.pid for child in children))

    async def aclose(self) -> None:
        """End the process and its children, by force."""
        for pid in self.process_ids():
            with suppress(psutil.Error):
                psutil.Process(pid).kill()
        with suppress(Exception):  # multilspy's own end, of which nothing hangs on any more
            async with asyncio.timeout(END_TIMEOUT_S):
                await self._stack.aclose()


class _Client(LanguageServer):  # type: ignore[misc]
    """multilspy's client for a server that it does not know by itself."""

    def __init__(self, spec: ServerSpec, folders: Sequence[Path]) -> None:
        # Elsewhere a server ends when its input closes; most do.
        leash = (sys.executable, "-I", str(_LEASH), str(os.getpid())) if os.name == "posix" else ()
        root = str(folders[0]) if folders else str(Path.cwd())
        launch = ProcessLaunchInfo(
            cmd=[*leash, *spec.command],
            env=_environment(spec),
            cwd=root if Path(root).is_dir() else "/",
        )
        config = MultilspyConfig(code_language=spec.language)
        super().__init__(config, MultilspyLogger(), root, launch, str(spec.language))
        self._spec = spec
        self.folders = tuple(folders)
        self.ended = asyncio.Event()
        self.capabilities: dict[str, Any] = {}
        self.encoding: Encoding = "utf-16"

    @asynccontextmanager
    async def start_server(self) -> AsyncIterator[LanguageServer]:
        self._answer_the_usual()
        async with super().start_server():
            await self.server.start()
            watcher = asyncio.ensure_future(self._watch_end())
            try:
                await self._shake_hands()
                yield self
            finally:
                watcher.cancel()
                await self.server.stop()

    async def _watch_end(self) -> None:
        await self.server.process.wait()
        self.ended.set()

    async def _shake_hands(self) -> None:
        asked = asyncio.ensure_future(self.server.send.initialize(self._initialize_params()))
        ended = asyncio.ensure_future(self.ended.wait())
        await asyncio.wait((asked, ended), return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
            raise OSError("it ended at once")
        ended.cancel()
        self.capabilities = asked.result()["capabilities"]
        self.encoding = self.capabilities.get("positionEncoding") or "utf-16"
        self.server.notify.initialized({})

    def _initialize_params(self) -> dict[str, Any]:
        folders = [_folder(each) for each in self.folders]
        item = {"snippetSupport": False, "insertReplaceSupport": False, "labelDetailsSupport": True}
        information = {"parameterInformation": {"labelOffsetSupport": False}}
        return {
            "processId": os.getpid(),
            "rootUri": folders[0]["uri"] if folders else None,
            "rootPath": str(self.folders[0]) if folders else None,
            "workspaceFolders": folders,
            "initializationOptions": self._spec.options,
            "capabilities": {
                "general": {"positionEncodings": ["utf-32", "utf-16", "utf-8"]},
                "workspace": {"configuration": True, "workspaceFolders": True},
                "window": {"workDoneProgress": True},
                "textDocument": {
                    "synchronization": {"didSave": False},
                    "completion": {"completionItem": item, "contextSupport": True},
                    "signatureHelp": {"signatureInformation": information},
                    "hover": {"contentFormat": ["plaintext"]},
                    # So that a server waits to be asked, rather than checks at every change.
                    "diagnostic": {"dynamicRegistration": False},
                },
            },
        }

    def _answer_the_usual(self) -> None:
        async def configuration(params: dict[str, Any]) -> list[Any]:
            return [self._setting(item) for item in params["items"]]

        async def nothing(_params: Any) -> None:
            return None

        self.server.on_request("workspace/configuration", configuration)
        for method in (
            "client/registerCapability",
            "client/unregisterCapability",
            "window/workDoneProgress/create",
        ):
            self.server.on_request(method, nothing)
        for method in (
            "window/logMessage",
            "window/showMessage",
            "textDocument/publishDiagnostics",
            "$/progress",
        ):
            self.server.on_notification(method, nothing)

    def _setting(self, item: dict[str, Any]) -> Any:
        scope = item.get("scopeUri")
        folder = Path(unquote(urlsplit(scope).path)) if scope else None
        return self._spec.settings(folder).get(item.get("section", ""))


def _folder(folder: Path) -> dict[str, str]:
    return {"uri": folder.as_uri(), "name": folder.name}


def _environment(spec: ServerSpec) -> dict[str, str]:
    return spec.environment
