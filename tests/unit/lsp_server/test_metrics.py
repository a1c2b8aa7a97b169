"""What a window counts of what passes through it, and the file in which it shows that."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from lsp_editor import Editor, edit
from lsp_fakes import FakeBackend

from completion.usage.tally import Family, Tally
from engine.protocol.messages import SyncReport
from lsp_server import figures_file
from lsp_server.figures_file import FiguresFile, running_windows

A = "file:///a.py"
SUGGESTED = "value 😀 other"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
async def offered(editor: Editor) -> Editor:
    """An editor that has just been given a suggestion behind `x = `."""
    await editor.initialize()
    editor.open(A, "x = \ny\n")
    editor.backend.completer.reply = SUGGESTED
    await editor.inline(A, 0, 4)
    return editor


async def metrics(editor: Editor) -> Any:
    return (await editor.ask("warmline/status"))["metrics"]


async def suggestions(editor: Editor) -> dict[str, Any]:
    counts = (await metrics(editor))["suggestions"]
    return {name: number for name, number in counts.items() if number}


async def test_answers_are_counted_with_tokens_and_times(offered: Editor) -> None:
    offered.backend.completer.tell_sync(SyncReport(100, 60, 30, 10, 0, 1.0))
    found = await metrics(offered)
    assert found["answers"] == {"model": 1, "empty": {}}
    assert found["tokens"] == {"encoded": 11, "generated": 3, "kept": 67, "moved": 32}
    assert found["latency_ms"]["total"]["n"] == 1
    assert set(found["retention"]) == {"30s", "5min"}


async def test_an_answer_that_is_overtaken_offers_nothing(offered: Editor) -> None:
    offered.backend.completer.gate.clear()
    first = offered.start_inline(A, 0, 4)
    offered.change(A, 2, edit(0, 4, 4, "w"))
    await offered.answer_to(first)
    found = await metrics(offered)
    assert found["answers"] == {"model": 1, "empty": {"superseded": 1}}
    assert found["suggestions"]["offered"] == 1


@pytest.mark.parametrize(
    "change",
    [
        edit(0, 4, 4, SUGGESTED),
        edit(0, 0, 4, f"x = {SUGGESTED}"),
        {"text": f"x = {SUGGESTED}\ny\n"},
    ],
)
async def test_acceptance_is_found_in_every_form_of_change(
    offered: Editor, change: dict[str, Any]
) -> None:
    offered.change(A, 2, change)
    found = await suggestions(offered)
    assert (found["accepted"], found["accepted_whole"]) == (1, 1)
    assert found["accepted_characters"] == len(SUGGESTED)


async def test_only_what_a_client_shows_is_shown_once_it_says_so(offered: Editor) -> None:
    shown = {"item": {"insertText": SUGGESTED}}
    offered.notify("textDocument/didShowCompletion", shown)
    offered.notify("textDocument/didShowCompletion", shown)
    assert (await suggestions(offered))["shown"] == 1


async def test_lengths_come_in_utf_16(offered: Editor) -> None:
    """Three units are two characters, which alone would be taken for typing."""
    offered.backend.completer.reply = "😀a other"
    await offered.inline(A, 0, 4)
    offered.change(A, 2, edit(0, 4, 4, "😀a"))
    item = {"item": {"insertText": "😀a other"}, "acceptedLength": 3}
    offered.notify("textDocument/didPartiallyAcceptCompletion", item)
    found = await suggestions(offered)
    assert found["accepted_characters"] == len("😀a")
    assert "accepted_whole" not in found


@pytest.mark.parametrize(
    "params", [None, 3, {}, {"item": 3}, {"item": {"insertText": 3}}, {"item": None}]
)
async def test_what_is_no_item_is_no_news(offered: Editor, params: Any) -> None:
    for method in ("didShowCompletion", "didPartiallyAcceptCompletion"):
        offered.notify(f"textDocument/{method}", params)
    assert await suggestions(offered) == {"offered": 1}


async def test_prometheus_gets_text(offered: Editor) -> None:
    answer = await offered.ask("warmline/metrics")
    assert answer["content_type"].startswith("text/plain; version=0.0.4")
    assert 'origin="model"} 1\n' in answer["text"]
    assert "value" not in answer["text"]


async def test_a_window_shows_itself_as_long_as_it_is_there(
    runtime: Path, backend: FakeBackend
) -> None:
    editor = Editor(backend)
    await editor.initialize()
    await editor.settle()
    [window] = running_windows()
    assert (window.version, window.tally) == ("9.9", Tally())
    await editor.leave()
    assert running_windows() == []
    assert not list(runtime.iterdir())  # noqa: ASYNC240 -- a folder of the test


async def test_without_a_folder_the_server_serves_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    editor: Editor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever runs it is told why `warmline status` does not know it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        await editor.initialize()
        await editor.settle()
    assert "will not show this window" in caplog.text
    editor.open(A, "x")
    assert await editor.inline(A, 0, 1)


@pytest.mark.usefixtures("runtime")
def test_a_file_is_written_only_where_something_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = []
    write = figures_file.write_own_json
    monkeypatch.setattr(
        figures_file, "write_own_json", lambda *args: (written.append(args), write(*args))
    )
    tally, file = Tally(), FiguresFile("1")
    for _ in range(3):
        file.write(tally)
    tally.add(Family.ANSWERS, "model")
    file.write(tally)
    [window] = running_windows()
    file.close()
    assert len(written) == 2
    assert window.tally == tally


def test_what_another_version_wrote_is_shown_without_its_figures(runtime: Path) -> None:
    file = FiguresFile("7.0")
    file.write(Tally())
    [path] = runtime.glob("window-*.json")
    content = json.loads(path.read_text("utf-8"))
    for figures in ({"counts": {"unheard_of": {}}, "latencies": {}}, 3, None):
        path.write_text(json.dumps({**content, "figures": figures}), "utf-8")
        [window] = running_windows()
        assert (window.version, window.tally) == ("7.0", None)
    path.write_text("damaged", "utf-8")
    assert running_windows()[0].tally is None
    file.close()


async def test_every_edit_is_timed_readable_or_not(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.change(A, 2, edit(0, 1, 1, "b"))
    editor.notify("textDocument/didChange", {"textDocument": {"uri": A}})
    await editor.settle()
    edits = (await metrics(editor))["latency_ms"]["edit"]
    assert edits["n"] == 2
    assert edits["longest"] > 0
