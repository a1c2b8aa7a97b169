"""The live cache at work: a real server, a real file, edits, and what each of them cost.

Every step is done twice in the same run: in the window's document, whose cache is live, and
in a new document with the same text, which has to be read from its first token.
"""

import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.protocol.messages import CacheRun
from evaluation.editor import Editor, Measurement
from evaluation.errors import UnexpectedResultError
from evaluation.lsp_client import language_server

MAX_CHARACTERS = 22_000
"""Some 6,000 tokens, so that the whole file fits in front of the cursor."""

WINDOW_SETTINGS = {
    # The whole file stays in the prompt, wherever the cursor is.
    "prefixTokens": 8192,
    "suffixTokens": 8192,
    "maxTokens": 48,
    # What a document costs from nothing is measured, not begun behind the measurement's back.
    "prepareOnOpen": False,
    # A full recompute of the file must not be cut short: it is what we compare with.
    "timeoutMs": 290_000,
}

_UNFINISHED_IN_THE_MIDDLE = '''
def count_lines(src: str, start: Pos, stop: Pos) -> int:
    """Return how many line ends are in src[start:stop]."""
    return '''

_UNFINISHED_AT_THE_END = '''

def check_depth(depth: int) -> None:
    """Refuse documents whose tables are nested too deeply."""
    if depth > '''

_NEW_CONSTANT = "\nMAX_NESTING = 64  # tables nested deeper than this are refused\n"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A real module with two unfinished functions in it. Offsets are in code points."""

    title: str
    text: str
    top: int  # just before the first function, where a constant may be added
    middle: int  # just past the unfinished function half way down
    end: int  # just past the one at the end


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened in the window, and the same from scratch."""

    name: str  # two or three words
    live: Measurement
    full: Measurement
    runs: tuple[CacheRun, ...]  # the live cache just after

    @property
    def speedup(self) -> float:
        """How many times faster the live cache was brought up to date."""
        return self.full.sync_ms / max(self.live.sync_ms, 0.1)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo saw."""

    file: str
    num_lines: int
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


class Audience(Protocol):
    """Whoever watches the demo."""

    def loading(self, fraction: float, message: str) -> None:
        """Hear how far the model is loaded."""
        ...

    def opening(self, source: SourceFile) -> None:
        """Hear that the model is ready and which file is opened."""
        ...

    def begin(self, description: str) -> None:
        """Hear what happens now."""
        ...

    def recomputing(self) -> None:
        """Hear that the same text is now read from scratch, which takes a while."""
        ...

    def finish(self, step: Step) -> None:
        """See what became of it."""
        ...


def example_source() -> SourceFile:
    """Return the TOML parser of Python's own library, with two unfinished functions."""
    path = Path(tomllib.__file__).with_name("_parser.py")
    text = path.read_text(encoding="utf-8")
    if len(text) > MAX_CHARACTERS:
        text = text[: text.rindex("\n\n\n", 0, MAX_CHARACTERS) + 1]
    top = text.index("\n\n\n") + 1
    half = text.index("\n\n\ndef ", len(text) // 2) + 2
    before = text[:half] + _UNFINISHED_IN_THE_MIDDLE
    whole = before + "\n\n" + text[half:].rstrip("\n") + "\n" + _UNFINISHED_AT_THE_END
    return SourceFile(f"tomllib/{path.name}", whole, top, len(before), len(whole))


async def run_demo(command: Sequence[str], audience: Audience) -> DemoResult:
    """Start `command` as a language server and show what its live cache does.

    Raises:
        EvaluationError: If the server fails, or what it tells cannot be true.
    """
    source = example_source()
    with tempfile.TemporaryDirectory(prefix="warmline-demo-") as folder:
        async with language_server(command) as client:
            editor = Editor(client)
            await editor.initialize(WINDOW_SETTINGS, audience.loading)
            audience.opening(source)
            window = _Window(editor, Path(folder), audience)
            steps = await _play(window, source)
    return DemoResult(source.title, source.text.count("\n") + 1, tuple(steps))


async def _play(window: "_Window", source: SourceFile) -> list[Step]:
    middle, end = (place + len(_NEW_CONSTANT) for place in (source.middle, source.end))
    typed = "src."
    steps = [await window.open(source)]
    await window.insert(source.top, _NEW_CONSTANT)
    description = "A constant is added near the top; what comes at the end?"
    steps.append(await window.step("edit at the top", description, end))
    description = "The cursor moves half way up the file."
    steps.append(await window.step("cursor moved", description, middle))
    await window.insert(middle, typed)
    description = f"Somebody types {typed!r} there."
    steps.append(await window.step("typing", description, middle + len(typed)))
    return steps


class _Window:
    """The document on the screen, and copies of it to compare with."""

    def __init__(self, editor: Editor, folder: Path, audience: Audience) -> None:
        self._editor = editor
        self._folder = folder
        self._audience = audience
        self._uri = (folder / "live" / "parser.py").as_uri()
        self._num_copies = 0

    async def open(self, source: SourceFile) -> Step:
        """Open the file; the first reading is itself a full computation."""
        self._audience.begin("The file is opened; what comes at its end?")
        await self._editor.open(self._uri, "python", source.text)
        live = await self._editor.complete(self._uri, source.end)
        _require_full(live)
        step = Step("open", live, live, await self._editor.cache_runs(self._uri))
        self._audience.finish(step)
        return step

    async def insert(self, offset: int, text: str) -> None:
        await self._editor.insert(self._uri, offset, text)

    async def step(self, name: str, description: str, offset: int) -> Step:
        """Complete at `offset`, then once more from scratch."""
        self._audience.begin(description)
        live = await self._editor.complete(self._uri, offset)
        runs = await self._editor.cache_runs(self._uri)
        self._audience.recomputing()
        step = Step(name, live, await self._recompute(offset), runs)
        _require_same_prompt(step)
        self._audience.finish(step)
        return step

    async def _recompute(self, offset: int) -> Measurement:
        """Complete in a new document with the same text, for which there is no cache."""
        self._num_copies += 1
        uri = (self._folder / f"copy-{self._num_copies}" / "parser.py").as_uri()
        await self._editor.open(uri, "python", self._editor.text(self._uri))
        full = await self._editor.complete(uri, offset)
        await self._editor.close(uri)
        _require_full(full)
        return full


def _require_full(measured: Measurement) -> None:
    """Refuse to compare with something that was not a full recompute."""
    if measured.prompt == 0:
        raise UnexpectedResultError(f"the server read nothing: {measured.reason or 'no reason'}")
    if measured.encoded != measured.prompt:
        raise UnexpectedResultError(
            f"a document never seen before had {measured.prompt - measured.encoded} of"
            f" {measured.prompt} tokens in a cache, so there is no full recompute to compare with"
        )


def _require_same_prompt(step: Step) -> None:
    """Refuse to compare prompts of different lengths."""
    if step.live.prompt != step.full.prompt:
        raise UnexpectedResultError(
            f"the live prompt has {step.live.prompt} tokens and the recomputed one"
            f" {step.full.prompt}: {step.live.reason or 'the server lays them out differently'}"
        )
