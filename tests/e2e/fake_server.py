"""A language server that knows one text by heart, for tests of editor clients.

Whatever the document, it suggests what follows in the text it was given as `--target`, as long
as everything before the cursor is how that text begins. What comes after the cursor on its line
is replaced where the target goes on with it. Every message that arrives is written to `--log`.
With `--hold-first` the first suggestion is answered only after the second.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]


def read_message(stream: IO[bytes]) -> Message | None:
    """One message, or None at the end of the stream."""
    length = 0
    for line in iter(stream.readline, b""):
        if line == b"\r\n":
            return json.loads(stream.read(length))
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return None


def write_message(stream: IO[bytes], message: Message) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    stream.flush()


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def offset_at(text: str, position: dict[str, int]) -> int:
    """Code point offset of a position in UTF-16 units."""
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: position["line"]])
    encoded = lines[position["line"]].encode("utf-16-le")
    return start + len(encoded[: 2 * position["character"]].decode("utf-16-le"))


def apply_change(text: str, change: Message) -> str:
    if "range" not in change:
        return change["text"]
    start = offset_at(text, change["range"]["start"])
    end = offset_at(text, change["range"]["end"])
    return text[:start] + change["text"] + text[end:]


@dataclass
class FakeServer:
    target: str
    log: IO[str]
    hold_first: bool
    output: IO[bytes]
    documents: dict[str, str] = field(default_factory=dict)
    held: Message | None = None

    def handle(self, message: Message) -> None:
        self.log.write(json.dumps(message) + "\n")
        self.log.flush()
        name = "on_" + message.get("method", "response").replace("/", "_").replace("$_", "")
        handler = getattr(self, name, None)
        if handler is not None:
            handler(message)
        elif "id" in message and "method" in message:
            error = {"code": -32601, "message": f"{message['method']} is not known here"}
            self.send({"id": message["id"], "error": error})

    def send(self, message: Message) -> None:
        write_message(self.output, message)

    def answer(self, message: Message, result: Any) -> None:
        self.send({"id": message["id"], "result": result})

    def on_initialize(self, message: Message) -> None:
        capabilities = {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": True, "change": 2},
            "inlineCompletionProvider": {},
        }
        self.answer(message, {"capabilities": capabilities, "serverInfo": {"name": "fake"}})

    def on_initialized(self, _message: Message) -> None:
        status = {"busy": False, "kind": "Normal", "message": "knows one text"}
        self.send({"method": "didChangeStatus", "params": status})
        method = "workspace/didChangeConfiguration"
        registration = {"id": "1", "method": method, "registerOptions": {"section": "warmline"}}
        registrations = {"registrations": [registration]}
        self.send({"id": "hear", "method": "client/registerCapability", "params": registrations})
        self.ask_settings()

    def ask_settings(self) -> None:
        items = {"items": [{"section": "warmline"}]}
        self.send({"id": "settings", "method": "workspace/configuration", "params": items})

    def on_workspace_didChangeConfiguration(self, _message: Message) -> None:  # noqa: N802 (protocol)
        self.ask_settings()

    def on_textDocument_didOpen(self, message: Message) -> None:  # noqa: N802 (protocol)
        document = message["params"]["textDocument"]
        self.documents[document["uri"]] = document["text"]

    def on_textDocument_didChange(self, message: Message) -> None:  # noqa: N802 (protocol)
        uri = message["params"]["textDocument"]["uri"]
        for change in message["params"]["contentChanges"]:
            self.documents[uri] = apply_change(self.documents[uri], change)

    def on_textDocument_inlineCompletion(self, message: Message) -> None:  # noqa: N802 (protocol)
        reply = {"id": message["id"], "result": {"items": self.suggest(message["params"])}}
        if self.hold_first:
            self.hold_first = False
            self.held = reply
            return
        self.send(reply)
        if self.held is not None:
            self.send(self.held)
            self.held = None

    def suggest(self, params: Message) -> list[Message]:
        text = self.documents[params["textDocument"]["uri"]]
        position = params["position"]
        offset = offset_at(text, position)
        if not self.target.startswith(text[:offset]):
            return []
        rest = self.target[offset:]
        after = text[offset:].split("\n")[0]
        replaced = after if after and rest.split("\n")[0].endswith(after) else ""
        end = {**position, "character": position["character"] + utf16_units(replaced)}
        return [{"insertText": rest, "range": {"start": position, "end": end}}] if rest else []

    def on_warmline_status(self, message: Message) -> None:
        self.answer(message, {"model": "fake", "documents": len(self.documents)})

    def on_warmline_cache(self, message: Message) -> None:
        """The first half of the document is exact, the rest newly encoded."""
        text = self.documents[message["params"]["textDocument"]["uri"]]
        half = len(text) // 2
        runs = [
            {"start": 0, "stop": half, "origin": "kept", "is_exact": True, "text": text[:half]},
            {
                "start": half,
                "stop": len(text),
                "origin": "encoded",
                "is_exact": False,
                "text": text[half:],
            },
        ]
        last_sync = {"kept": half, "moved": 0, "encoded": len(text) - half, "sync_ms": 12.5}
        cache = {"num_tokens": len(text), "exact_prefix": half, "bytes_used": 4096 * len(text)}
        self.answer(message, {"runs": runs, "last_sync": last_sync, **cache})

    def on_warmline_explain(self, message: Message) -> None:
        chunk = {"path": "shapes.py", "line": 1, "num_lines": 2, "origin": "repository"}
        scores = {"score": 2.5, "lexical_score": 9.1, "encoder_score": 0.7, "gain": 0.9}
        shown = {**chunk, **scores, "tokens": 24, "text": "class Circle:\n    radius: float"}
        prompt = [{"kind": "chunk", "tokens": 24}, {"kind": "before", "tokens": 60}]
        tokens = {"budget_tokens": 1024, "context_tokens": 24, "prompt_tokens": 84}
        times = {"lexical_ms": 2.0, "encoder_ms": 5.0, "search_ms": 8.0, "prompt_ms": 1.0}
        result = {"model": "fake", "chunks": [shown], "prompt": prompt, "timings": times, **tokens}
        self.answer(message, result)

    def on_warmline_lastSuggestion(self, message: Message) -> None:  # noqa: N802 (protocol)
        self.answer(message, None)

    def on_shutdown(self, message: Message) -> None:
        self.answer(message, None)

    def on_exit(self, _message: Message) -> None:
        sys.exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="?", help="`serve`, as for the real one")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--hold-first", action="store_true")
    arguments = parser.parse_args()
    with arguments.log.open("a", encoding="utf-8") as log:
        target = arguments.target.read_text(encoding="utf-8")
        server = FakeServer(target, log, arguments.hold_first, sys.stdout.buffer)
        while (message := read_message(sys.stdin.buffer)) is not None:
            server.handle(message)


if __name__ == "__main__":
    main()
