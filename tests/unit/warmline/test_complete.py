"""`warmline complete` and `warmline cache` with an engine that knows its answers by heart."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from completion.cache_view import CacheView, CacheViewRun
from completion.context.repositories import RepositoryStatus
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import Candidate, CompletionOptions, EmptyReason, Suggestion, Timings
from engine.protocol.messages import DecodeReport, EngineState, Phase, SyncReport
from engine.settings import EngineSettings
from lsp_server.workspace import Workspace
from warmline import headless
from warmline.main import main

REPORT = SyncReport(prompt=10, kept=4, moved=3, encoded=3, exact_prefix=4, sync_ms=1.5)
ANSWER = Suggestion(
    candidates=(Candidate("one", 1, -0.1), Candidate("two", 2, -0.2)),
    model="tiny",
    timings=Timings(sync_ms=1.5, first_token_ms=2.0, total_ms=3.0),
    sync=REPORT,
    num_generated=3,
    decoding=DecodeReport(tokens=5, passes=2, drafted=6, accepted=2, decode_ms=0.5),
)
VIEW = CacheView(
    document="file:///x",
    runs=(
        CacheViewRun(0, 4, "kept", is_exact=True, text="def "),
        CacheViewRun(4, 10, "moved", is_exact=False, text="double"),
    ),
    num_tokens=10,
    exact_prefix=4,
    num_kept=4,
    num_moved=6,
    num_encoded=0,
    bytes_used=1000,
    last_sync=REPORT,
)


class FakeEngine:
    """Is ready at once, or never."""

    def __init__(self, state: EngineState) -> None:
        self.state = state
        self.is_closed = False

    def on_state(self, listener: Callable[[EngineState], None]) -> None:
        listener(self.state)

    def on_notice(self, listener: Callable[[str], None]) -> None:
        listener("The engine was restarted.")

    async def connect(self) -> None:
        pass

    async def wait_ready(self, timeout_s: float) -> EngineState:
        assert timeout_s > 0
        return self.state

    async def aclose(self) -> None:
        self.is_closed = True


class FakeCompleter:
    """Answers every request the same and remembers what was asked."""

    def __init__(self, answer: Suggestion, views: Sequence[CacheView | None]) -> None:
        self._answer = answer
        self._views = list(views)
        self.document: Document | None = None
        self.asked: list[tuple[str, int, CompletionOptions]] = []
        self.is_closed = False
        self.num_looks = 0

    def open(self, document: Document) -> None:
        self.document = document

    def repositories(self) -> Sequence[RepositoryStatus]:
        """The index is being built the first time somebody looks."""
        phase = "ready" if self.num_looks else "building"
        self.num_looks += 1
        return (RepositoryStatus("/project", phase, 1, 1_234, 0),)

    async def complete(self, name: str, offset: int, options: CompletionOptions) -> Suggestion:
        self.asked.append((name, offset, options))
        return self._answer

    async def aclose(self) -> None:
        self.is_closed = True

    async def cache_view(self, name: str) -> CacheView | None:
        assert self.document is not None
        assert name == self.document.name
        return self._views.pop(0)


class FakeAnalysis:
    """Has something to say at once."""

    def on_notice(self, listener: Callable[[str], None]) -> None:
        listener("The analysers are not installed.")


class Stage:
    """What stands in for the engine's side, and what the commands made of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.settings: EngineSettings | None = None
        self.completion_settings: CompletionSettings | None = None
        self.workspace: Workspace | None = None
        self.analysis: FakeAnalysis | None = None
        self.set_up()

    def set_up(
        self,
        answer: Suggestion = ANSWER,
        views: Sequence[CacheView | None] = (VIEW,),
        state: EngineState | None = None,
    ) -> None:
        self.engine = FakeEngine(state or EngineState(Phase.READY))
        self.completer = FakeCompleter(answer, views)
        self._monkeypatch.setattr(headless, "join", self._join)

    def _join(
        self,
        engine_settings: EngineSettings,
        completion_settings: CompletionSettings,
        workspace: Workspace,
        *_: object,
        **__: object,
    ) -> "Stage":
        self.settings, self.completion_settings = engine_settings, completion_settings
        self.workspace = workspace
        return self


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "app.ts"
    path.write_bytes("let fox = '🦊';\r\nfox.\r\n".encode())
    return path


def _json_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_the_json_is_as_promised(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["complete", f"{source}:2:5", "--json"]) == 0
    answer = _json_of(capsys)
    assert answer["text"] == "one"
    assert [candidate["text"] for candidate in answer["candidates"]] == ["one", "two"]
    assert answer["model"] == "tiny"
    assert answer["timings"] == {
        "sync_ms": 1.5,
        "first_token_ms": 2.0,
        "total_ms": 3.0,
        "search_ms": 0.0,
    }
    assert answer["decoding"] == {
        "tokens": 5,
        "passes": 2,
        "drafted": 6,
        "accepted": 2,
        "decode_ms": 0.5,
    }
    assert answer["tokens"] == {
        "prompt": 10,
        "kept": 4,
        "moved": 3,
        "encoded": 3,
        "exact_prefix": 4,
        "generated": 3,
    }
    assert stage.completer.is_closed
    assert stage.engine.is_closed


def test_the_document_reaches_the_completer_as_it_is(stage: Stage, source: Path) -> None:
    """Line endings and characters beyond the basic plane count as they are."""
    assert main(["complete", f"{source}:2:5", "-n", "2", "--max-tokens", "7"]) == 0
    document = stage.completer.document
    assert document is not None
    assert (document.name, document.language) == (source.as_uri(), "typescript")
    assert document.text == "let fox = '🦊';\r\nfox.\r\n"
    assert stage.completer.asked == [
        (source.as_uri(), 20, CompletionOptions(2, 7, is_invoked=True))
    ]


def test_language_and_model_can_be_chosen(stage: Stage, source: Path) -> None:
    main(["complete", f"{source}:1:1", "--language", "rust", "--model", "other"])
    assert stage.completer.document is not None
    assert stage.completer.document.language == "rust"
    assert stage.settings is not None
    assert stage.settings.model == "other"


def test_the_repository_of_the_file_is_searched_unless_told_otherwise(
    stage: Stage, source: Path
) -> None:
    (source.parent / ".git").mkdir()
    main(["complete", f"{source}:1:1"])
    assert stage.workspace == Workspace(source.parent.name, (source.parent,))
    assert stage.completion_settings is not None
    assert stage.completion_settings.context_tokens > 0
    assert stage.completer.num_looks == 2  # until it was built
    main(["complete", f"{source}:1:1", "--no-retrieval"])
    assert stage.workspace == Workspace("", (source.parent,))
    assert stage.completion_settings.context_tokens == 0


def test_names_are_checked_unless_told_otherwise(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.analysis = FakeAnalysis()
    main(["complete", f"{source}:1:1"])
    assert stage.completion_settings is not None
    assert stage.completion_settings.monitors
    assert stage.completion_settings.analysis_timeout_ms == headless.ANALYSIS_TIMEOUT_MS
    assert "The analysers are not installed." in capsys.readouterr().err
    main(["complete", f"{source}:1:1", "--no-monitors"])
    assert not stage.completion_settings.monitors


@pytest.mark.parametrize(
    ("reason", "code"),
    [(EmptyReason.NOTHING_TO_SAY, 0), (EmptyReason.REPEATS_SUFFIX, 0), (EmptyReason.TIMED_OUT, 1)],
)
def test_an_empty_answer_has_a_reason_and_fails_only_if_work_was_left_undone(
    stage: Stage,
    source: Path,
    capsys: pytest.CaptureFixture[str],
    reason: EmptyReason,
    code: int,
) -> None:
    stage.set_up(replace(ANSWER, candidates=(), sync=None, reason=reason, detail="So it is."))
    assert main(["complete", f"{source}:1:1", "--json"]) == code
    answer = _json_of(capsys)
    assert (answer["text"], answer["reason"], answer["detail"]) == ("", reason.value, "So it is.")
    assert set(answer["tokens"].values()) == {0, 3}


def test_several_candidates_are_told_apart(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["complete", f"{source}:1:1", "--time"]) == 0
    written = capsys.readouterr()
    assert written.out.startswith("--- candidate 1: 1 tokens, -0.10 per token\none\n--- candidate")
    assert "10 prompt tokens: 4 kept, 3 moved, 3 encoded" in written.err
    assert "The engine was restarted." in written.err
    assert stage.engine.is_closed


def test_more_candidates_than_a_request_may_ask_for_are_a_wrong_call(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["complete", f"{source}:1:1", "-n", "17"])
    assert "17 is more than 16" in capsys.readouterr().err


def test_an_engine_without_a_model_is_one_sentence(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the connection is closed all the same."""
    stage.set_up(state=EngineState(Phase.FAILED, message="There are no weights."))
    assert main(["complete", f"{source}:1:1"]) == 1
    assert "warmline: There are no weights.\n" in capsys.readouterr().err
    assert stage.engine.is_closed


def test_a_cache_that_is_there_is_only_looked_at(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", str(source), "--json"]) == 0
    assert _json_of(capsys)["runs"][1]["text"] == "double"
    assert stage.completer.asked == []


def test_a_file_without_a_cache_is_read_first(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.set_up(views=[None, VIEW])
    assert main(["cache", str(source), "--text"]) == 0
    assert stage.completer.asked[0][1] == len("let fox = '🦊';\r\nfox.\r\n")
    drawn = capsys.readouterr().out
    assert "def double" in drawn
    assert "6 moved" in drawn
    assert "last change: 4 kept, 3 moved, 3 encoded in 2 ms" in drawn


def test_a_file_that_cannot_be_read_has_no_drawing(
    stage: Stage, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.set_up(replace(ANSWER, candidates=(), detail="It is too large."), views=[None, None])
    assert main(["cache", str(source)]) == 1
    assert "warmline: It is too large.\n" in capsys.readouterr().err
