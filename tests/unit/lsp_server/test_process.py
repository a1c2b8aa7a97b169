"""The server as a process of its own, driven by a client that is not ours."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

HERE = Path(__file__).parent
COMMAND = (sys.executable, str(HERE / "fake_main.py"))
PATIENCE_S = 30.0
A = "file:///a.py"

CAPABILITIES = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities()
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(HERE.parents[2])}


@pytest.fixture
async def client() -> AsyncIterator[LanguageClient]:
    client = make_test_lsp_client()
    await client.start_io(*COMMAND, "stdio", env=environment())
    async with asyncio.timeout(PATIENCE_S):
        await client.initialize_session(types.InitializeParams(capabilities=CAPABILITIES))
        yield client
        await client.shutdown_session()
        await client.stop()


async def test_a_session_over_standard_streams(client: LanguageClient) -> None:
    item = types.TextDocumentItem(A, "python", 1, "\U0001f600 = 1\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    params = types.InlineCompletionParams(
        types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
        types.TextDocumentIdentifier(A),
        types.Position(0, 6),
    )
    answer = await client.text_document_inline_completion_async(params)
    assert isinstance(answer, types.InlineCompletionList)
    assert [item.insert_text for item in answer.items] == ["pass"]
    assert answer.items[0].range == types.Range(types.Position(0, 6), types.Position(0, 6))


async def start(transport: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *COMMAND, transport, stdin=pipe, stdout=pipe, stderr=pipe, env=environment()
    )


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


INITIALIZE = frame(
    b'{"jsonrpc": "2.0", "id": 1, "method": "initialize",'
    b' "params": {"processId": null, "rootUri": null, "capabilities": {}}}'
)
INITIALIZED = frame(b'{"jsonrpc": "2.0", "method": "initialized", "params": {}}')
SHUTDOWN = frame(b'{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}')
EXIT = frame(b'{"jsonrpc": "2.0", "method": "exit"}')


@pytest.mark.parametrize(
    ("messages", "exit_code"),
    [
        (INITIALIZE + SHUTDOWN + EXIT, 0),
        (INITIALIZE + EXIT, 1),
        (INITIALIZE, 1),
        (INITIALIZE + SHUTDOWN, 0),
        (EXIT, 1),
    ],
)
async def test_exit_codes(messages: bytes, exit_code: int) -> None:
    """And nothing heavy was imported on the way."""
    server = await start("stdio")
    async with asyncio.timeout(PATIENCE_S):
        _, errors = await server.communicate(messages)
    assert server.returncode == exit_code
    assert b"heavy modules: []" in errors


async def test_what_a_library_prints_is_kept_out_of_the_messages() -> None:
    server = await start("stdio")
    async with asyncio.timeout(PATIENCE_S):
        output, errors = await server.communicate(INITIALIZE + INITIALIZED + SHUTDOWN + EXIT)
    assert b"this is no message" in errors
    assert b"this is no message" not in output


async def test_exit_is_not_held_up_by_an_open_input() -> None:
    server = await start("stdio")
    assert server.stdin is not None
    server.stdin.write(INITIALIZE + SHUTDOWN + EXIT)
    async with asyncio.timeout(PATIENCE_S):
        assert await server.wait() == 0
    server.stdin.close()


async def test_a_client_that_reads_no_more_ends_the_server() -> None:
    server = await start("stdio")
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdout._transport.close()  # type: ignore[attr-defined]
    server.stdin.write(INITIALIZE)
    async with asyncio.timeout(PATIENCE_S):
        assert await server.wait() == 1


async def test_a_session_over_tcp() -> None:
    server = await start("tcp")
    assert server.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        found = re.search(rb"at ([\d.]+):(\d+)", await server.stderr.readline())
        assert found is not None
        reader, writer = await asyncio.open_connection(found[1].decode(), int(found[2]))
        writer.write(INITIALIZE + SHUTDOWN)
        answers = b""
        while answers.count(b"jsonrpc") < 2:
            answers += await reader.read(1 << 16)
        writer.write(EXIT)
        assert await server.wait() == 0
        writer.close()
        await writer.wait_closed()
