"""One analyser with its queue: one question at a time, the newest text and document first."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import psutil

from .analysers import (
    AnalyserChoice,
    Call,
    Document,
    Found,
    LanguageAnalyser,
    ServerGoneError,
    Workspace,
)
from .registry import make_analyser

T = TypeVar("T")

logger = logging.getLogger(__name__)

QUESTION_TIMEOUT_S = 10.0
START_TIMEOUT_S = 60.0
END_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0

Answer = Found | Call | None
Report = Callable[[str, str, str], None]
"""Takes the analyser's name, a phase and a sentence."""


class Phase(StrEnum):
    """How an analyser is."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"  # it is tried again after a while
    STOPPED = "stopped"


@dataclass(slots=True)
class Question:
    """What is asked about a text. `answer` is done when it is answered, whatever happens."""

    method: str
    document: Document
    offset: int
    answer: asyncio.Future[Answer] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def end(self, reason: str) -> None:
        """Answer that nothing is known."""
        self.settle(None if self.method == "signature" else Found(reason=reason))

    def settle(self, answer: Answer) -> None:
        """Answer, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_result(answer)


class Lane:
    """Starts one analyser when it is wanted, asks it, and starts it anew when it fails.

    Args:
        choice: Which analyser.
        workspace: What it is started with.
        report: Told of every change of phase.
    """

    def __init__(self, choice: AnalyserChoice, workspace: Workspace, report: Report) -> None:
        self.choice = choice
        self.used_s = time.monotonic()
        self.phase = Phase.STARTING
        self._workspace = self._known_workspace = workspace
        self._report = report
        self._analyser: LanguageAnalyser | None = None
        self._open: dict[Path, Document] = {}
        self._notices: dict[Path, str] = {}
        self._questions: list[Question] = []
        self._running: tuple[Question, asyncio.Task[Answer]] | None = None
        self._has_work = asyncio.Event()
        self._failures = 0
        self._ailment = ""
        self._worker = asyncio.ensure_future(self._work())

    def use_workspace(self, workspace: Workspace) -> None:
        """Have the analyser take note of other folders. Never waits."""
        self._workspace = workspace
        self._has_work.set()

    def open(self, document: Document) -> None:
        """Take note of a document. Never waits."""
        self._open[document.path] = document
        self._note(document.path, "open")

    def change(self, document: Document) -> None:
        """Take note of its new text. Never waits."""
        self._open[document.path] = document
        self._note(document.path, self._notices.get(document.path, "change"))

    def close(self, path: Path) -> None:
        """Forget it. Never waits."""
        if self._open.pop(path, None) is not None:
            self._note(path, "close")

    def _note(self, path: Path, notice: str) -> None:
        self.used_s = time.monotonic()
        self._notices[path] = notice
        self._has_work.set()

    async def ask(self, method: str, document: Document, offset: int) -> Answer:
        """Return the analyser's answer, or that nothing is known, with the reason."""
        self.used_s = time.monotonic()
        if self.phase is Phase.FAILED:
            return None if method == "signature" else Found(reason=f"{self.choice.name} failed")
        question = Question(method, document, offset)
        self._supersede(document)
        self._questions.append(question)
        self._has_work.set()
        try:
            return await question.answer
        finally:
            self._drop(question)

    def _supersede(self, document: Document) -> None:
        running = [self._running[0]] if self._running else []
        for older in (*self._questions, *running):
            if older.document.path == document.path and older.document.text != document.text:
                older.end("superseded")
                self._drop(older)

    def _drop(self, question: Question) -> None:
        """Let go of a question that is answered or that nobody waits for."""
        if question in self._questions:
            self._questions.remove(question)
        if self._running and self._running[0] is question:
            self._running[1].cancel()

    async def _work(self) -> None:
        while True:
            await self._has_work.wait()
            try:
                await self._do_next()
            except ServerGoneError as error:
                await self._fail(str(error))
            except Exception:
                logger.exception("the %s analyser failed", self.choice.name)
                await self._fail(f"The {self.choice.name} analyser failed; its log says more.")

    async def _do_next(self) -> None:
        ailment, self._ailment = self._ailment, ""
        if ailment:
            raise ServerGoneError(ailment)
        analyser = self._analyser or await self._start()
        if self._known_workspace is not self._workspace and not await self._move(analyser):
            return
        while self._notices:
            path, notice = next(iter(self._notices.items()))
            del self._notices[path]
            await _bounded(self._tell(analyser, path, notice))
        if self._questions:
            await self._answer(analyser, self._take_question())
        elif not self._notices:
            self._has_work.clear()

    def _take_question(self) -> Question:
        """Take the oldest question about the document that was asked about last."""
        path = self._questions[-1].document.path
        question = next(each for each in self._questions if each.document.path == path)
        self._questions.remove(question)
        return question

    async def _start(self) -> LanguageAnalyser:
        self._set_phase(Phase.STARTING)
        self._analyser = make_analyser(self.choice)
        self._known_workspace = self._workspace
        await _bounded(self._analyser.start(self._known_workspace), START_TIMEOUT_S)
        self._notices = dict.fromkeys(self._open, "open")
        self._set_phase(Phase.READY)
        return self._analyser

    async def _move(self, analyser: LanguageAnalyser) -> bool:
        """Tell the analyser of other folders, or end it; then it starts anew over these."""
        self._known_workspace = self._workspace
        is_told = await _bounded(analyser.use_workspace(self._known_workspace))
        if not is_told:
            await self._end_analyser()
        return is_told

    async def _tell(self, analyser: LanguageAnalyser, path: Path, notice: str) -> None:
        if notice == "close":
            await analyser.close(path)
        elif notice == "open":
            await analyser.open(self._open[path])
        else:
            await analyser.change(self._open[path])

    async def _answer(self, analyser: LanguageAnalyser, question: Question) -> None:
        asked = getattr(analyser, question.method)(question.document, question.offset)
        task: asyncio.Task[Answer] = asyncio.ensure_future(_bounded(asked))
        self._running = (question, task)
        try:
            question.settle(await task)
            self._failures = 0
        except asyncio.CancelledError:
            worker = asyncio.current_task()
            if worker is None or worker.cancelling():
                raise  # not only the question was cancelled
        finally:
            self._running = None
            question.end("the analyser failed")

    async def _fail(self, message: str) -> None:
        """Say so, answer all that wait, and come back after a pause."""
        self._set_phase(Phase.FAILED, message)
        for question in self._questions:
            question.end(f"{self.choice.name} failed")
        await self._end_analyser()
        pause_s = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
        self._failures += 1
        await asyncio.sleep(pause_s)
        self._set_phase(Phase.STARTING)

    def check(self) -> None:
        """Have an analyser start anew that has grown too large, or whose processes ended."""
        if self._analyser is None or self.phase is not Phase.READY:
            return
        process_ids = self._analyser.process_ids()
        size_bytes = resident_bytes(process_ids)
        if not process_ids:
            self._ailment = "It ended."
        elif size_bytes > self.choice.most_memory_bytes:
            self._ailment = f"It held {size_bytes >> 20} MiB, which is too much."
        if self._ailment:
            self._has_work.set()
            if self._running:
                self._running[1].cancel()

    def _set_phase(self, phase: Phase, message: str = "") -> None:
        self.phase = phase
        self._report(self.choice.name, phase, message)

    def status(self) -> dict[str, Any]:
        """Return how it is, as plain data."""
        process_ids = self._analyser.process_ids() if self._analyser else ()
        return {
            "name": self.choice.name,
            "phase": str(self.phase),
            "documents": len(self._open),
            "reading": self._is_reading(),
            "processes": list(process_ids),
            "resident_bytes": resident_bytes(process_ids),
        }

    def _is_reading(self) -> bool:
        is_told_all = self._analyser is not None and not self._has_work.is_set()
        return not is_told_all or (self._analyser is not None and self._analyser.is_reading())

    async def aclose(self) -> None:
        """End the analyser and answer all that wait."""
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        for question in self._questions:
            question.end("stopped")
        await self._end_analyser()
        self._set_phase(Phase.STOPPED)

    async def _end_analyser(self) -> None:
        analyser, self._analyser = self._analyser, None
        if analyser is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(END_TIMEOUT_S):
                    await analyser.aclose()


async def _bounded(work: Coroutine[Any, Any, T], bound_s: float = QUESTION_TIMEOUT_S) -> T:
    try:
        async with asyncio.timeout(bound_s):
            return await work
    except TimeoutError as error:
        raise ServerGoneError(f"It did not answer within {bound_s:g} s.") from error


def resident_bytes(process_ids: Any) -> int:
    """Return what processes hold in memory together; those that ended count nothing."""
    total = 0
    for pid in process_ids:
        with suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total
