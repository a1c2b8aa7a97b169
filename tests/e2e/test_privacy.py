"""What never leaves the window: secrets, files that are nobody's to read, and text in logs."""

import asyncio
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.tiny_model import SETTINGS, save_tiny_model
from tests.e2e.window import PATIENCE_S, Window, patience

pytestmark = pytest.mark.e2e

SECRET = "AKIA" + "QX7ZPL2MN8RTVWYB"
MARKER = "quokka"
"""Stands in every text here, and must not stand in any log."""
CODE = f'KEY = "{SECRET}"\n\n\ndef {MARKER}(one):\n    return one\n\n\nx = '


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "build").mkdir(parents=True)
    (folder / ".gitignore").write_text("build/\n")
    (folder / "lib.py").write_text(
        f'def {MARKER}_two():\n    token = "{SECRET}"\n    return token\n'
    )
    return folder


@pytest.fixture
def logged_command(warmline_command: Path, tmp_path: Path) -> Path:
    """The command with all it logs, in a file."""
    script = tmp_path / "warmline-logged"
    log = shlex.quote(str(tmp_path / "server.log"))
    script.write_text(
        f'#!/bin/sh\nexec {shlex.quote(str(warmline_command))} "$@" --verbose 2>>{log}\n'
    )
    script.chmod(0o755)
    return script


async def test_nothing_leaks(
    project: Path, logged_command: Path, warmline_command: Path, tmp_path: Path
) -> None:
    model = save_tiny_model(tmp_path / "model")
    window = Window(model, **(SETTINGS | {"contextTokens": 256}))
    app, private = (project / "app.py").as_uri(), (project / ".env").as_uri()
    made = (project / "build" / "made.py").as_uri()
    async with patience():
        await window.start(logged_command, project)
        await window.until_ready()
        window.open(app, CODE)
        await window.complete(app, CODE.count("\n"), 4)
        window.open(private, f"TOKEN={SECRET}", "plaintext")
        assert await window.complete(private, 0, 6) == []
        window.open(made, f"{MARKER} = 1\n")
        assert await window.complete(made, 1, 0) == []
        for body in (
            b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"%b": 1}}',
            b'{"jsonrpc": "2.0", "id": "z", "method": "warmline/cache", "params": "%b"}',
            b'{"jsonrpc": "2.0", "id": "%b"',
        ):
            window.send_bytes(body % MARKER.encode())
        cache = await window.ask("warmline/cache", app)
        status = await window.status()
        await window.stop()
    read = "".join(run.text for run in cache.runs)
    assert MARKER in read
    assert f'KEY = "{"x" * len(SECRET)}"' in read
    reasons = {Path(answer.uri).name: answer.reason for answer in status.empty_answers}
    assert reasons[".env"] == "private-file"
    assert reasons["made.py"] == "ignored-file"
    await run(warmline_command, "engine", "stop", "--model", str(model))

    folder = Path(os.environ["WARMLINE_RUNTIME_DIR"])
    kept = list(files_in(folder))
    assert any("snapshots" in file.parts for file in kept)
    assert any("indexes" in file.parts for file in kept)
    for file in kept:
        assert SECRET.encode() not in file.read_bytes(), file
        assert not file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), file
    logs = [tmp_path / "server.log", *(file for file in kept if file.suffix == ".log")]
    assert len(logs) > 1
    for log in logs:
        assert MARKER not in log.read_text(errors="replace"), log


def files_in(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


async def run(command: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(str(command), *arguments)
    async with asyncio.timeout(PATIENCE_S):
        assert await process.wait() == 0
