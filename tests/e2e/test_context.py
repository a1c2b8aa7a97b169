"""What another file says gets into the prompt, with real weights, and stays out where ignored."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("default_model_directory")]

CALL_TIMEOUT_S = 300
PATIENCE_S = 150.0

FRUIT = "class Banana:\n    def without_skin_and_stem(self) -> 'Banana':\n        return self\n"
KITCHEN = "from fruit import Banana\n\n\ndef prepare(banana: Banana) -> Banana:\n    return banana."

Explain = Callable[[Path], dict[str, Any]]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two files and one with a secret, in a repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "fruit.py").write_text(FRUIT, encoding="utf-8")
    (tmp_path / "kitchen.py").write_text(KITCHEN, encoding="utf-8")
    (tmp_path / ".env").write_text("BANANA=hR7kq9Zp2Lx0w\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def explain(warmline_command: Path) -> Explain:
    """Call the installed command for the end of a file."""

    def call(file: Path) -> dict[str, Any]:
        lines = file.read_text(encoding="utf-8").split("\n")
        place = f"{file}:{len(lines)}:{len(lines[-1]) + 1}"
        done = subprocess.run(
            [warmline_command, "explain", place, "--json"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=CALL_TIMEOUT_S,
            check=True,
        )
        return dict(json.loads(done.stdout))

    return call


def quoted(explanation: dict[str, Any]) -> list[str]:
    return [chunk["path"] for chunk in explanation["chunks"]]


def prompt(explanation: dict[str, Any]) -> str:
    return "".join(part["text"] for part in explanation["prompt"])


@pytest.mark.timeout(3 * CALL_TIMEOUT_S)
def test_a_name_from_another_file_is_in_the_prompt_until_that_file_is_ignored(
    workspace: Path, explain: Explain
) -> None:
    kitchen = workspace / "kitchen.py"
    first = explain(kitchen)
    assert quoted(first) == ["fruit.py"]
    assert "<|file_sep|>fruit.py\nclass Banana:\n    def without_skin_and_stem" in prompt(first)
    assert "hR7kq9Zp2Lx0w" not in prompt(first)
    assert sum(part["tokens"] for part in first["prompt"]) == first["prompt_tokens"]
    assert first["query"].endswith("return banana.")

    (workspace / ".warmlineignore").write_text("fruit.py\n", encoding="utf-8")
    second = explain(kitchen)
    assert "fruit.py" not in quoted(second)
    assert "without_skin_and_stem" not in prompt(second)


@pytest.mark.timeout(3 * PATIENCE_S)
async def test_a_window_explains_with_unsaved_text_what_the_command_line_cannot_know(
    workspace: Path, warmline_command: Path
) -> None:
    window = make_test_lsp_client()
    await window.start_io(str(warmline_command), "serve", cwd=workspace)
    async with asyncio.timeout(2 * PATIENCE_S):
        await _initialize(window, workspace)
        _open(window, workspace / "fruit.py", FRUIT.replace("skin", "peel"))
        _open(window, workspace / "kitchen.py", KITCHEN)
        explanation = await _until_explained(window, workspace / "kitchen.py")
        status = await _ask(window, "warmline/status", {})
        await _until_read(window, workspace / "kitchen.py", "without_peel_and_stem")
        await window.shutdown_session()
        await window.stop()
    assert quoted(explanation) == ["fruit.py"]
    assert "without_peel_and_stem" in prompt(explanation)
    (repository,) = status["repositories"]
    assert repository["folder"] == str(workspace)
    assert repository["num_files"] >= 2


async def _initialize(window: LanguageClient, folder: Path) -> None:
    capabilities = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=types.InlineCompletionClientCapabilities()
        )
    )
    params = types.InitializeParams(
        capabilities=capabilities,
        # a machine that is busy with other tests may take long for the first search
        initialization_options={"offline": True, "contextTimeoutMs": 30_000},
        workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
    )
    statuses: asyncio.Queue[Any] = asyncio.Queue()
    window.protocol.fm.add_builtin_feature("didChangeStatus", statuses.put_nowait)
    await window.initialize_session(params)
    while (status := await statuses.get()).busy:
        assert status.kind != "Error", status.message


def _open(window: LanguageClient, file: Path, text: str) -> None:
    item = types.TextDocumentItem(file.as_uri(), "python", 1, text)
    window.text_document_did_open(types.DidOpenTextDocumentParams(item))


async def _until_explained(window: LanguageClient, file: Path) -> dict[str, Any]:
    """Ask until the index has been read, which the status tells."""
    position = {"line": KITCHEN.count("\n"), "character": len("    return banana.")}
    params = {"textDocument": {"uri": file.as_uri()}, "position": position}
    while True:
        if (await _ask(window, "warmline/status", {}))["repositories"][0]["phase"] == "ready":
            return dict(await _ask(window, "warmline/explain", params))


async def _until_read(window: LanguageClient, file: Path, name: str) -> None:
    """Wait until a name is in the live cache: at the first sync, or at the pause after it."""
    params = {"textDocument": {"uri": file.as_uri()}}
    while True:
        cache = await _ask(window, "warmline/cache", params)
        if cache is not None and name in "".join(run["text"] for run in cache["runs"]):
            return
        await asyncio.sleep(0.1)


async def _ask(window: LanguageClient, method: str, params: dict[str, Any]) -> Any:
    return _plain(await window.protocol.send_request_async(method, params))


def _plain(answer: Any) -> Any:
    """Turn the client's named tuples into plain JSON."""
    if hasattr(answer, "_asdict"):
        return {name: _plain(value) for name, value in answer._asdict().items()}
    return [_plain(value) for value in answer] if isinstance(answer, list) else answer
