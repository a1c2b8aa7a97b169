"""The live cache at work: a real server, a real file, edits, and what each of them cost.

Every text is read twice in the same run: in the window's document, whose cache is live, and
in a new document with the same text, which has to be read from its first token. After an edit
the server brings the cache up to date by itself; that is a step of its own, so that nothing is
left out of the account.
"""

import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.protocol.messages import CacheRun, SyncReport
from evaluation.editor import Cache, Editor, Measurement
from evaluation.errors import UnexpectedResultError
from evaluation.lsp_client import language_server

MAX_CHARACTERS = 22_000
"""Some 6,000 tokens, which the prompt holds as a whole."""

WINDOW_SETTINGS = {
    "maxTokens": 48,
    # What a document costs from nothing is measured, not begun behind the measurement's back.
    "prepareOnOpen": False,
    "prepareNext": False,
    "reuseSuggestions": False,
    "contextTokens": 0,  # the full recompute has no other files either
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
    """One thing that happened in the window."""

    name: str  # two or three words
    live: SyncReport
    runs: tuple[CacheRun, ...]  # the live cache just after
    spent_ms: float  # on bringing the live cache up to date, since the text was changed
    suggestion: Measurement | None = None  # None for an edit, after which nobody has asked yet
    recomputed: Measurement | None = None  # the same from scratch; None for an edit

    @property
    def ratio(self) -> float | None:
        """How many times longer a full recompute takes; None where there is none to compare."""
        if self.recomputed is None or self.recomputed is self.suggestion:
            return None
        return self.recomputed.sync.sync_ms / max(self.spent_ms, 0.1)


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
        """Hear that the text is now read from scratch, which takes a while."""
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
    steps += await window.edit(
        "edit at the top", "A constant is added near the top.", source.top, _NEW_CONSTANT, end
    )
    steps.append(await window.ask("cursor moved", "The cursor moves half way up.", middle))
    description = f"Somebody types {typed!r} there."
    steps += await window.edit("typing", description, middle, typed, middle + len(typed))
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
        first = await self._editor.complete(self._uri, source.end)
        _require_full(first)
        cache = await self._editor.cache(self._uri)
        step = Step("open", first.sync, cache.runs, first.sync.sync_ms, first, first)
        return self._finish(step)

    async def edit(
        self, name: str, description: str, offset: int, text: str, ask_at: int
    ) -> tuple[Step, Step]:
        """Insert `text`, let the server follow, and then ask for a suggestion."""
        self._audience.begin(description)
        cache = await self._follow(offset, text)
        sync_ms = cache.last_sync.sync_ms
        step = self._finish(Step(name, cache.last_sync, cache.runs, sync_ms))
        return step, await self.ask("  suggestion", "What comes at the cursor?", ask_at, sync_ms)

    async def ask(
        self, name: str, description: str, offset: int, already_spent_ms: float = 0.0
    ) -> Step:
        """Complete at `offset`, then once more from scratch."""
        self._audience.begin(description)
        live = await self._editor.complete(self._uri, offset)
        cache = await self._editor.cache(self._uri)
        full = await self._recompute(offset)
        _require_same_prompt(live, full)
        spent_ms = already_spent_ms + live.sync.sync_ms
        return self._finish(Step(name, live.sync, cache.runs, spent_ms, live, full))

    async def _follow(self, offset: int, text: str) -> Cache:
        before = await self._editor.cache(self._uri)
        await self._editor.insert(self._uri, offset, text)
        return await self._editor.cache_after(self._uri, before)

    async def _recompute(self, offset: int) -> Measurement:
        """Complete in a new document with the same text, for which there is no cache."""
        self._audience.recomputing()
        self._num_copies += 1
        uri = (self._folder / f"copy-{self._num_copies}" / "parser.py").as_uri()
        await self._editor.open(uri, "python", self._editor.text(self._uri))
        full = await self._editor.complete(uri, offset)
        await self._editor.close(uri)
        _require_full(full)
        return full

    def _finish(self, step: Step) -> Step:
        self._audience.finish(step)
        return step


def _require_full(measured: Measurement) -> None:
    """Refuse to compare with something that was not a full recompute."""
    sync = measured.sync
    if sync.encoded != sync.prompt:
        raise UnexpectedResultError(
            f"a document never seen before had {sync.prompt - sync.encoded} of {sync.prompt}"
            " tokens in a cache, so there is no full recompute to compare with"
        )


def _require_same_prompt(live: Measurement, full: Measurement) -> None:
    """Refuse to compare prompts of different lengths."""
    if live.sync.prompt != full.sync.prompt:
        raise UnexpectedResultError(
            f"the live prompt has {live.sync.prompt} tokens and the recomputed one"
            f" {full.sync.prompt}: {live.reason or 'the server lays them out differently'}"
        )
