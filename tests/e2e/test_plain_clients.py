"""Editors without inline completion, against the real server with a tiny model."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import make_test_lsp_client

from tests.e2e.tiny_model import SETTINGS, save_tiny_model
from tests.e2e.window import PATIENCE_S, patience

pytestmark = pytest.mark.e2e

LINES = ("some words here and ", "other words stand there ", "more of them come ", "and the last ")
TEXT = "\n".join(LINES)
"""Of several lines: what random weights write after one may be nothing."""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return SETTINGS | {"model": str(save_tiny_model(tmp_path / "model")), "timeoutMs": 120_000}


async def test_a_client_that_only_knows_completion_gets_entries(
    tmp_path: Path, settings: dict[str, Any], warmline_command: Path
) -> None:
    client = make_test_lsp_client()
    statuses: asyncio.Queue[Any] = asyncio.Queue()
    client.protocol.fm.add_builtin_feature("didChangeStatus", statuses.put_nowait)
    await client.start_io(str(warmline_command), "serve", cwd=tmp_path)
    async with patience():
        plain = types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(
                completion=types.CompletionClientCapabilities()
            )
        )
        params = types.InitializeParams(capabilities=plain, initialization_options=settings)
        result = await client.initialize_session(params)
        assert result.capabilities.completion_provider is not None
        uri = (tmp_path / "a.txt").as_uri()
        item = types.TextDocumentItem(uri, "plaintext", 1, TEXT)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        document = types.TextDocumentIdentifier(uri)
        ends = itertools.cycle(types.Position(row, len(line)) for row, line in enumerate(LINES))
        place = types.CompletionParams(document, next(ends))
        while not (answer := await client.text_document_completion_async(place)).items:
            await statuses.get()
            place.position = next(ends)
        assert answer.is_incomplete
        (entry,) = answer.items
        assert entry.detail == "Warmline"
        assert entry.text_edit.new_text
        await client.shutdown_session()
        await client.stop()


def find_emacs() -> str:
    emacs = os.environ.get("WARMLINE_TEST_EMACS") or shutil.which("emacs")
    if not emacs:
        pytest.skip("there is no emacs here, and WARMLINE_TEST_EMACS names none")
    probe = [emacs, "--batch", "--eval", "(progn (package-initialize) (require 'eglot))"]
    if subprocess.run(probe, capture_output=True, check=False, timeout=PATIENCE_S).returncode:
        pytest.skip(f"{emacs} has no eglot: install Emacs 29, or the package eglot")
    return emacs


def test_eglot_offers_what_the_server_suggests(
    tmp_path: Path, settings: dict[str, Any], warmline_command: Path
) -> None:
    emacs = find_emacs()
    source = tmp_path / "a.txt"
    source.write_text(TEXT, encoding="utf-8")
    script = Path(__file__).with_name("eglot.el")
    ended = subprocess.run(
        [emacs, "--batch", "-l", script, source, json.dumps(settings), warmline_command, "serve"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 0, ended.stderr
    (offers,) = [line for line in ended.stdout.splitlines() if line.startswith("offers: ")]
    assert offers != "offers: nil", ended.stderr
