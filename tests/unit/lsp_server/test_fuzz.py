"""Whatever bytes and messages come, the server answers or ignores, never dies and never hangs.

The environment variable WARMLINE_TEST_SEQUENCES makes the number of sequences another one.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
from fuzzing import AT_A, RIGHT_PARAMS, broken_bytes, calls, wrong_bodies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsp_process import ServerProcess, frame, message

NUM_SEQUENCES = int(os.environ.get("WARMLINE_TEST_SEQUENCES", "100"))
NOT_INITIALIZED = -32002

sequences = settings(max_examples=NUM_SEQUENCES, suppress_health_check=[HealthCheck.too_slow])
numbers = itertools.count(1)  # no request's id comes twice


class Bench:
    """A server for all sequences; one that has died is replaced, so that they can be told apart."""

    def __init__(self, *, is_initialized: bool) -> None:
        self._is_initialized = is_initialized
        self._server: ServerProcess | None = None

    def server(self) -> ServerProcess:
        if self._server is None or not self._server.is_alive:
            self._server = ServerProcess()
            if self._is_initialized:
                self._server.initialize()
        return self._server

    def end(self) -> None:
        if self._server is not None:
            self._server.kill()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench(is_initialized=True)
    yield bench
    bench.end()


@pytest.fixture(scope="module")
def early_bench() -> Iterator[Bench]:
    bench = Bench(is_initialized=False)
    yield bench
    bench.end()


@sequences
@given(st.lists(broken_bytes, max_size=5))
def test_any_bytes(bench: Bench, parts: list[bytes]) -> None:
    server = bench.server()
    server.send(b"".join(parts))
    assert "result" in server.ask("warmline/status")


@sequences
@given(st.lists(broken_bytes, max_size=5))
def test_any_bytes_before_initialize(early_bench: Bench, parts: list[bytes]) -> None:
    server = early_bench.server()
    server.send(b"".join(parts))
    assert server.ask("warmline/status")["error"]["code"] == NOT_INITIALIZED


@sequences
@given(st.lists(st.tuples(calls, st.booleans()) | wrong_bodies, max_size=6))
def test_any_messages(bench: Bench, parts: list[Any]) -> None:
    """Every request among them is answered, and once."""
    server, asked = bench.server(), []
    for part in parts:
        if isinstance(part, bytes):
            server.send(frame(part))
            continue
        (method, params), is_request = part
        identifier = {"id": f"fuzzed-{next(numbers)}"} if is_request else {}
        asked += identifier.values()
        server.send(message(method=method, params=params, **identifier))
    assert "result" in server.ask("warmline/status")
    assert [server.num_answers[identifier] for identifier in asked] == [1] * len(asked)


def test_after_all_that_a_session_is_as_good_as_new(bench: Bench) -> None:
    server = bench.server()
    server.send(message(method="workspace/didChangeConfiguration", params={"settings": {}}))
    opening = RIGHT_PARAMS["textDocument/didOpen"]
    server.send(message(method="textDocument/didOpen", params=opening))
    answer = server.ask("textDocument/inlineCompletion", AT_A | {"context": {"triggerKind": 2}})
    assert [item["insertText"] for item in answer["result"]["items"]] == ["pass"]
    assert server.end() == 0
