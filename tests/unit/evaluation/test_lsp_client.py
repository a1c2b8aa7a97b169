"""The demo's client against small servers that keep to the protocol, or do not."""

import sys
from pathlib import Path

import pytest

from evaluation.errors import (
    BrokenFrameError,
    NoAnswerError,
    RequestFailedError,
    ServerExitedError,
)
from evaluation.lsp_client import language_server

SERVER = """
import json, sys

def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None

def send(message):
    content = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(content), content))
    sys.stdout.buffer.flush()

while (message := read()) is not None:
    match message.get("method"):
        case "echo":
            send({"id": message["id"], "result": message.get("params")})
        case "refuse":
            send({"id": message["id"], "error": {"code": 7, "message": "no"}})
        case "ask":
            asked_by = message["id"]
            send({"id": 1, "method": "workspace/configuration", "params": {"items": [{}, {}]}})
        case None:
            send({"id": asked_by, "result": message["result"]})
        case "tell":
            send({"method": "news", "params": message["params"]})
            send({"id": message["id"], "result": None})
        case "babble":
            print("hello", flush=True)
        case "die":
            sys.exit("out of luck")
        case "shutdown":
            send({"id": message["id"], "result": None})
        case "exit":
            sys.exit(0)
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    return (sys.executable, str(path))


async def test_answers_and_requests_of_the_server_are_matched(command: tuple[str, ...]) -> None:
    """Text beyond ASCII is framed by bytes; what the server asks is answered at once."""
    async with language_server(command) as client:
        assert await client.request("echo", {"text": "naïve 🦊"}) == {"text": "naïve 🦊"}
        assert await client.request("ask") == [None, None]


async def test_notifications_reach_their_listeners(command: tuple[str, ...]) -> None:
    heard: list[object] = []
    async with language_server(command) as client:
        client.on_notification("news", heard.append)
        await client.request("tell", {"n": 1})
    assert heard == [{"n": 1}]


async def test_an_error_answer_is_raised_with_its_message(command: tuple[str, ...]) -> None:
    async with language_server(command) as client:
        with pytest.raises(RequestFailedError, match=r"no \(code 7\)"):
            await client.request("refuse")


async def test_silence_has_a_bound(command: tuple[str, ...]) -> None:
    """The connection goes on afterwards."""
    async with language_server(command) as client:
        with pytest.raises(NoAnswerError, match="unheard"):
            await client.request("unheard", timeout_s=0.01)
        assert await client.request("echo", 1) == 1


async def test_the_last_words_of_a_server_that_ends_are_told(command: tuple[str, ...]) -> None:
    with pytest.raises(ServerExitedError, match=r"code 1; it said: out of luck"):
        async with language_server(command) as client:
            await client.request("die")


async def test_a_server_that_breaks_the_protocol_is_named(command: tuple[str, ...]) -> None:
    async with language_server(command) as client:
        with pytest.raises(BrokenFrameError, match="hello"):
            await client.request("babble")


async def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServerExitedError, match="cannot be started"):
        async with language_server([str(tmp_path / "nothing")]):
            pass
