"""Answers the frames that come in. One analyser for each group of languages that is wanted.

Requests are `{"id", "method", "params"}`, answered with `{"id", "result"}` or `{"id", "error"}`.

    initialize {folders, interpreter}                 before all else
    folders {folders}                                 others than at first
    open {path, language, text}, change {path, text}, close {path}
    members | importable | types | cases {path, language, text, offset}
                                                      -> {names, analyser, reason}
    signature {path, language, text, offset}          -> {keywords, takes_any_keyword,
                                                          most_positional, analyser} or null
    cancel {id}                                       lets go of a question; it is still answered
    status                                            -> {process, resident_bytes, analysers}
    shutdown                                          ends every analyser, then the host

A message without an id is not answered. The host tells `{"method": "state", "params": {language,
phase, message}}` by itself.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .analysers import Call, Document, Found, Workspace
from .lane import Answer, Lane, resident_bytes
from .registry import CHOICES

logger = logging.getLogger(__name__)

MOST_LANES = 4
CHECK_S = 5.0
_QUESTIONS = frozenset({"members", "importable", "types", "cases", "signature"})

Send = Callable[[dict[str, Any]], None]


class Host:
    """Holds the analysers of one window.

    Args:
        send: Takes every message that goes out. Never waits.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._workspace = Workspace()
        self._lanes: dict[str, Lane] = {}
        self._lane_of: dict[Path, Lane] = {}
        self._documents: dict[Path, Document] = {}
        self._tasks: dict[Any, asyncio.Task[None]] = {}
        self._closings: set[asyncio.Task[None]] = set()
        self.is_ending = asyncio.Event()
        self._watch = asyncio.ensure_future(self._watch_lanes())

    def take(self, message: dict[str, Any]) -> None:
        """Do what a message says. Never waits: answers come through `send`."""
        method, request_id = message.get("method"), message.get("id")
        params = message.get("params") or {}
        if method in _QUESTIONS:
            task = asyncio.ensure_future(self._question(request_id, method, params))
            self._tasks[request_id] = task
            task.add_done_callback(lambda _task: self._tasks.pop(request_id, None))
            return
        try:
            result = self._do(str(method), params)
        except (KeyError, TypeError, ValueError) as error:
            self._refuse(request_id, f"{method} cannot be understood: {error!r}.")
            return
        if request_id is not None:
            self._send({"id": request_id, "result": result})

    def _do(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "initialize":
                self._workspace = _workspace(params)
            case "folders":
                self._use_folders(params["folders"])
            case "open":
                self._open(_document(params))
            case "change":
                self._change(Path(params["path"]), params["text"])
            case "close":
                self._close(Path(params["path"]))
            case "cancel":
                if task := self._tasks.get(params["id"]):
                    task.cancel()
            case "status":
                return self._status()
            case "shutdown":
                self.is_ending.set()
            case _:
                raise ValueError(f"there is no method {method!r}")
        return None

    async def _question(self, request_id: Any, method: str, params: dict[str, Any]) -> None:
        try:
            document = _document(params)
            offset = _offset(params, document)
            lane = self._lane(document.language)
            if lane is None:
                answer: Answer = None if method == "signature" else Found(reason="no analyser")
            else:
                answer = await lane.ask(method, document, offset)
            self._send({"id": request_id, "result": _as_plain(answer)})
        except asyncio.CancelledError:
            cancelled = None if method == "signature" else _as_plain(Found(reason="cancelled"))
            self._send({"id": request_id, "result": cancelled})
        except (KeyError, TypeError, ValueError) as error:
            self._refuse(request_id, f"{method} cannot be understood: {error!r}.")

    def _refuse(self, request_id: Any, sentence: str) -> None:
        logger.warning("%s", sentence)
        if request_id is not None:
            self._send({"id": request_id, "error": sentence})

    def _use_folders(self, folders: Iterable[str]) -> None:
        self._workspace = replace(self._workspace, folders=tuple(map(Path, folders)))
        for lane in self._lanes.values():
            lane.use_workspace(self._workspace)

    def _open(self, document: Document) -> None:
        self._documents[document.path] = document
        if lane := self._lane(document.language):
            lane.open(document)

    def _change(self, path: Path, text: str) -> None:
        before = self._documents[path]
        document = Document(path, before.language, text)
        self._documents[path] = document
        if lane := self._lane(document.language):
            lane.change(document)

    def _close(self, path: Path) -> None:
        document = self._documents.pop(path, None)
        choice = CHOICES.get(document.language) if document else None
        if choice and (lane := self._lanes.get(choice.name)):
            lane.close(path)

    def _lane(self, language: str) -> Lane | None:
        choice = CHOICES.get(language)
        if choice is None:
            return None
        if choice.name not in self._lanes:
            self._make_room()
            lane = self._lanes[choice.name] = Lane(choice, self._workspace, self._report)
            for document in self._documents.values():
                if CHOICES.get(document.language) is choice:
                    lane.open(document)
        return self._lanes[choice.name]

    def _make_room(self) -> None:
        """End the analyser that was not used for longest if there are as many as may be."""
        if len(self._lanes) < MOST_LANES:
            return
        oldest = min(self._lanes.values(), key=lambda lane: lane.used_s)
        del self._lanes[oldest.choice.name]
        closing = asyncio.ensure_future(oldest.aclose())
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    async def _watch_lanes(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            for lane in self._lanes.values():
                lane.check()

    def _report(self, name: str, phase: str, message: str) -> None:
        params = {"language": name, "phase": str(phase), "message": message}
        self._send({"method": "state", "params": params})

    def _status(self) -> dict[str, Any]:
        return {
            "process": os.getpid(),
            "resident_bytes": resident_bytes((os.getpid(),)),
            "analysers": [lane.status() for lane in self._lanes.values()],
        }

    async def aclose(self) -> None:
        """End all analysers."""
        self._watch.cancel()
        for task in tuple(self._tasks.values()):
            task.cancel()
        closings = [lane.aclose() for lane in self._lanes.values()]
        await asyncio.gather(*closings, *self._closings, return_exceptions=True)


def _workspace(params: dict[str, Any]) -> Workspace:
    interpreter = params.get("interpreter")
    folders = tuple(Path(folder) for folder in params.get("folders", ()))
    return Workspace(folders, Path(interpreter) if interpreter else None)


def _document(params: dict[str, Any]) -> Document:
    path = Path(params["path"])
    if not path.is_absolute():
        raise ValueError(f"the path {path} is not absolute")
    return Document(path, params["language"], params["text"])


def _offset(params: dict[str, Any], document: Document) -> int:
    offset, length = int(params["offset"]), len(document.text)
    if not 0 <= offset <= length:
        raise ValueError(f"the offset {offset} is not in the document, which ends at {length}")
    return offset


def _as_plain(answer: Found | Call | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    plain = answer._asdict()
    for key in ("names", "keywords"):
        if key in plain:
            plain[key] = sorted(plain[key])
    return plain
