"""Strategies for bytes and messages that no editor should send."""

import copy
import json
from typing import Any

from hypothesis import strategies as st
from lsp_process import frame

A = "file:///a.py"
AT_A: dict[str, Any] = {"textDocument": {"uri": A}, "position": {"line": 0, "character": 0}}
METHODS = (
    "",
    "\ud800",
    "$/cancelRequest",
    "$/progress",
    "$/setTrace",
    "initialize",
    "initialized",
    "textDocument/completion",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didFocus",
    "textDocument/didOpen",
    "textDocument/didSave",
    "textDocument/hover",
    "textDocument/inlineCompletion",
    "warmline/cache",
    "warmline/explain",
    "warmline/lastSuggestion",
    "warmline/status",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
)
NAMES = ("textDocument", "uri", "text", "position", "line", "contentChanges", "settings", "id")
RIGHT_PARAMS: dict[str, Any] = {
    "textDocument/didOpen": {
        "textDocument": {"uri": A, "languageId": "python", "version": 1, "text": "x"}
    },
    "textDocument/didChange": {
        "textDocument": {"uri": A, "version": 2},
        "contentChanges": [
            {"range": {"start": AT_A["position"], "end": AT_A["position"]}, "text": "y"}
        ],
    },
    "textDocument/inlineCompletion": AT_A
    | {
        "context": {
            "triggerKind": 2,
            "selectedCompletionInfo": {
                "range": {"start": AT_A["position"], "end": AT_A["position"]},
                "text": "x",
            },
        }
    },
    "workspace/didChangeConfiguration": {"settings": {"warmline": {"maxTokens": 4}}},
    "workspace/didChangeWorkspaceFolders": {
        "event": {"added": [{"uri": "file:///a", "name": "a"}], "removed": []}
    },
    "warmline/explain": AT_A,
}

MOST_CUT_BYTES = 2_000
"""Of a message that is cut short: what is asked after it must be long enough to be its rest."""

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.sampled_from([0, 1, 2, 2**31 - 1, 2**31])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([A, "\ud800", "file://[", "%ff", "\0"])
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def nearly_right(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a method and its parameters, of which one is something else."""
    method = draw(st.sampled_from(list(RIGHT_PARAMS)))
    params = copy.deepcopy(RIGHT_PARAMS[method])
    place, key = params, draw(st.sampled_from(list(params)))
    while isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
        place = place[key]
        key = draw(st.sampled_from(list(place))) if isinstance(place, dict) else 0
    place[key] = draw(values)
    return method, params


calls = st.tuples(st.sampled_from(METHODS), values) | nearly_right()


def deep(depth: int, *, is_closed: bool) -> bytes:
    """Return parameters nested so deep that reading them naively is the end of a process."""
    nested = b"[" * depth + b"]" * depth * is_closed
    return b'{"jsonrpc": "2.0", "id": 1, "method": "warmline/cache", "params": %b}' % nested


def json_rpc(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


identifiers = st.none() | st.integers(-9, 9) | st.text(max_size=3) | st.floats() | st.just([1])
wrong_bodies = st.one_of(
    st.binary(max_size=40),
    values.map(json.dumps).map(str.encode),
    st.builds(deep, st.sampled_from([90, 900, 1_100, 100_000]), is_closed=st.booleans()),
    st.builds(json_rpc, id=identifiers, method=values, params=values),
    st.builds(json_rpc, id=identifiers, result=values),
    st.builds(json_rpc, id=identifiers, error=values),
    st.lists(calls, max_size=3)
    .map(lambda batch: json.dumps([{"jsonrpc": "2.0", "method": m, "params": p} for m, p in batch]))
    .map(str.encode),
)

lengths = st.sampled_from(
    ["-5", "0", "3", "99", "+7", "1e3", "0x10", "", "two", "9999999999", "9" * 40, "12, 13"]
)
headers = st.builds(
    lambda name, length, end: f"{name}{length}{end}".encode(),
    st.sampled_from(["Content-Length: ", "content-length:", "Content-Length", "X: "]),
    lengths,
    st.sampled_from(["\r\n\r\n", "\n\n", "\r\n", "\r\nContent-Type: x\r\n\r\n", ""]),
)
some_message = st.one_of(
    wrong_bodies, calls.map(lambda call: json_rpc(id=1, method=call[0], params=call[1]))
).map(frame)
broken_bytes = st.one_of(
    st.binary(max_size=60),
    headers,
    st.builds(bytes.__add__, headers, some_message),
    st.builds(
        lambda data, kept: data[: kept % len(data)],
        # of a long message a server rightly waits for the rest
        some_message.filter(lambda data: len(data) < MOST_CUT_BYTES),
        st.integers(0, 300),
    ),
    some_message.map(lambda data: data.replace(b"Content-Length", b"Content-Lenght")),
    some_message.map(lambda data: data.split(b"\r\n", 1)[0] + b"\r\n" + data),
)
