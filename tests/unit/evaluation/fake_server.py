"""A server for the demo to talk to. One character is one token; nothing is ever computed.

An argument chooses what is wrong with it: `failed` cannot load a model, `copying` has a cache
of every document, `mute` never says that it is ready, `shorter` forgets a token of live ones,
`lazy` does not follow edits, `speechless` gives no suggestion.
"""

import json
import sys
from typing import Any

FAULT = sys.argv[1] if len(sys.argv) > 1 else "none"
texts: dict[str, str] = {}
syncs: dict[str, dict[str, Any]] = {}
reports: dict[str, dict[str, Any]] = {}


def read() -> Any:
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def send(message: dict[str, Any]) -> None:
    content = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
    sys.stdout.buffer.flush()


def tell_state() -> None:
    progress = {"kind": "report", "message": "loading", "percentage": 50}
    send({"method": "$/progress", "params": {"token": 1, "value": progress}})
    if FAULT == "mute":
        return
    kind = "Error" if FAULT == "failed" else "Normal"
    status = {"busy": False, "kind": kind, "message": "no model"}
    send({"method": "didChangeStatus", "params": status})


def offset(text: str, position: dict[str, int]) -> int:
    lines = text.split("\n")[: position["line"]]
    return sum(len(line) + 1 for line in lines) + position["character"]


def change(uri: str, edit: dict[str, Any]) -> None:
    start, stop = (offset(texts[uri], edit["range"][end]) for end in ("start", "end"))
    texts[uri] = texts[uri][:start] + edit["text"] + texts[uri][stop:]
    if FAULT != "lazy":
        sync(uri)


def sync(uri: str) -> dict[str, Any]:
    prompt = len(texts[uri])
    is_known = uri in syncs or FAULT == "copying"
    if is_known and FAULT == "shorter":
        prompt -= 1
    encoded = 10 if is_known else prompt
    syncs[uri] = {
        "prompt": prompt,
        "kept": 0,
        "moved": prompt - encoded,
        "encoded": encoded,
        "exact_prefix": 0,
        "sync_ms": float(encoded) + len(syncs) / 1000,
    }
    return syncs[uri]


def complete(uri: str) -> None:
    counts = dict(sync(uri))
    sync_ms = counts.pop("sync_ms")
    reports[uri] = {
        "text": "done[0]",
        "tokens": counts | {"generated": 1},
        "timings": {"sync_ms": sync_ms, "first_token_ms": 1.0, "total_ms": 2.0},
        "reason": None,
        "detail": "",
    }
    if FAULT == "speechless":
        nothing = dict.fromkeys(counts, 0) | {"generated": 0}
        reports[uri] |= {"text": "", "tokens": nothing, "reason": "x", "detail": "no engine"}


def handle(method: str, params: Any) -> Any:
    uri = ((params or {}).get("textDocument") or {}).get("uri")
    match method:
        case "initialize":
            return {"capabilities": {}, "serverInfo": {"name": "fake", "version": "9"}}
        case "initialized":
            tell_state()
        case "textDocument/didOpen":
            texts[uri] = params["textDocument"]["text"]
        case "textDocument/didChange":
            for edit in params["contentChanges"]:
                change(uri, edit)
        case "textDocument/inlineCompletion":
            complete(uri)
        case "warmline/lastSuggestion":
            return reports[uri]
        case "warmline/cache":
            last = syncs[uri]
            run = {"start": 0, "stop": last["prompt"], "origin": "moved", "is_exact": False}
            return {"runs": [run], "last_sync": last}
        case "exit":
            sys.exit(0)
    return None


while (message := read()) is not None:
    result = handle(message["method"], message.get("params"))
    if "id" in message:
        send({"id": message["id"], "result": result})
