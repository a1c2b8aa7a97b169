"""`warmline explain`: what a suggestion is made from, for people and as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from completion.context.explanation import (
    ExplainedChunk,
    Explanation,
    PromptPart,
    SearchTimes,
)
from completion.document import Document
from completion.guidance.explaining import ExplainedName
from engine.protocol.messages import EngineState, Phase
from lsp_server.workspace import Workspace
from monitors.types import SiteKind
from warmline import headless
from warmline.explaining import MOST_LEFT_OUT, MOST_NAMES, draw_explanation
from warmline.main import main

QUOTED = ExplainedChunk(
    path="lib/[fruit].py",
    line=4,
    num_lines=3,
    origin="repository",
    score=2.5,
    lexical_score=11.25,
    encoder_score=2.5,
    gain=1.0,
    tokens=27,
    is_cut=True,
    left_out="",
    text="def peel(banana):\n",
)
LEFT_OUT = replace(
    QUOTED, path=".env", encoder_score=None, tokens=0, left_out="the file is one for secrets"
)
EXPLANATION = Explanation(
    document="file:///x.py",
    model="tiny",
    query="peel(",
    chunks=(QUOTED,),
    left_out=(LEFT_OUT,),
    stop_score=1.5,
    stop_rank=1,
    budget_tokens=1024,
    context_tokens=27,
    prompt_tokens=40,
    note="",
    timings=SearchTimes(1.0, 2.0, 4.0, 3.0),
    prompt=(
        PromptPart("marker", "<|file_sep|>", 1, "<|file_sep|>"),
        PromptPart("chunk", "lib/[fruit].py", 26, "lib/[fruit].py\ndef peel(banana):\n"),
        PromptPart("before", "", 13, "peel("),
    ),
)


class FakeEngine:
    state = EngineState(Phase.READY)

    def on_state(self, listener: object) -> None:
        pass

    def on_notice(self, listener: object) -> None:
        pass

    async def connect(self) -> None:
        pass

    async def wait_ready(self, _timeout_s: float) -> EngineState:
        return self.state

    async def aclose(self) -> None:
        pass


class Session:
    """An engine and a completer that knows one explanation."""

    def __init__(self, explanation: Explanation | None) -> None:
        self.engine, self.completer = FakeEngine(), self
        self._explanation = explanation
        self.analysis = None
        self.asked: list[tuple[str, int]] = []
        self.workspace: Workspace | None = None

    def join(
        self, _engine: object, _completion: object, workspace: Workspace, *_: object, **__: object
    ) -> "Session":
        self.workspace = workspace
        return self

    def open(self, document: Document) -> None:
        pass

    def repositories(self) -> tuple[()]:
        return ()

    async def explain(self, name: str, offset: int) -> Explanation | None:
        self.asked.append((name, offset))
        return self._explanation

    async def aclose(self) -> None:
        pass


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "x.py"
    path.write_text("a = 1\npeel(\n", encoding="utf-8")
    return path


def session(
    monkeypatch: pytest.MonkeyPatch, explanation: Explanation | None = EXPLANATION
) -> Session:
    made = Session(explanation)
    monkeypatch.setattr(headless, "join", made.join)
    return made


def drawn(explanation: Explanation, *, with_text: bool = False, is_whole: bool = False) -> str:
    console = Console(width=240, highlight=False)
    with console.capture() as capture:
        draw_explanation(explanation, console, with_text=with_text, is_whole=is_whole)
    return capture.get()


def test_the_json_holds_everything(
    monkeypatch: pytest.MonkeyPatch, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = session(monkeypatch)
    assert main(["explain", f"{source}:2:6", "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["chunks"][0]["path"] == "lib/[fruit].py"
    assert explained["left_out"][0]["left_out"] == "the file is one for secrets"
    assert explained["timings"]["lexical_ms"] == 1.0
    assert [part["tokens"] for part in explained["prompt"]] == [1, 26, 13]
    assert made.asked == [(source.as_uri(), 11)]
    assert made.workspace == Workspace(source.parent.name, (source.parent,))


def test_people_see_chunks_scores_reasons_and_parts(
    monkeypatch: pytest.MonkeyPatch, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session(monkeypatch)
    assert main(["explain", f"{source}:2:6"]) == 0
    assert "lib/[fruit].py:4-6" in capsys.readouterr().out
    shown = drawn(EXPLANATION)
    assert "2.50" in shown
    assert "11.25" in shown
    assert "27 cut" in shown
    assert "the file is one for secrets" in shown
    assert "1 better than nothing, which scores 1.50" in shown
    assert "40 tokens, of which 27 of at most 1024 from other files" in shown
    assert "def peel" not in shown
    assert "def peel" in drawn(EXPLANATION, with_text=True)


def test_a_note_says_why_there_is_nothing() -> None:
    empty = replace(EXPLANATION, chunks=(), left_out=(), note="Nothing was found.")
    shown = drawn(empty)
    assert "Nothing was found." in shown
    assert "Left out" not in shown


def test_a_long_list_is_cut_unless_all_is_wanted() -> None:
    many = replace(EXPLANATION, left_out=(LEFT_OUT,) * (MOST_LEFT_OUT + 5))
    assert "and 5 more: --all lists them" in drawn(many)
    assert drawn(many, is_whole=True).count(".env") == MOST_LEFT_OUT + 5


def test_people_see_which_names_may_stand_at_the_cursor() -> None:
    name = ExplainedName(SiteKind.MEMBER, "bowl", "pe", ("peel", "pear"), "ty", 3.0, "")
    shown = drawn(replace(EXPLANATION, name=name))
    assert "At the cursor, member of bowl: peel, pear (ty, 3 ms)" in shown
    many = replace(name, names=tuple(f"n{index}" for index in range(MOST_NAMES + 2)))
    assert "and 2 more" in drawn(replace(EXPLANATION, name=many))
    assert "more" not in drawn(replace(EXPLANATION, name=many), is_whole=True)
    unknown = replace(name, names=(), reason="the receiver is not known")
    assert "because the receiver is not known" in drawn(replace(EXPLANATION, name=unknown))


def test_a_document_that_is_gone_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session(monkeypatch, None)
    assert main(["explain", f"{source}:1:1"]) == 1
    assert "was closed meanwhile" in capsys.readouterr().err
