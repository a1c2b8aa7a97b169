"""A language server that knows one text by heart, for tests of editor clients.

Whatever the document, it suggests what follows in the text it was given as `--target`, as long
as everything before the cursor is how that text begins. What comes after the cursor on its line
is replaced where the target goes on with it. Who asks explicitly gets that and, as two more to
choose from, its first line and its first character. Every message that arrives is written to
`--log`. With `--hold-first` the first suggestion is answered only after the second; with `--refuse`
all are empty, because the file is private; with `--die` it ends at once; with `--plain` it is no
server of inline completions. What it says about caches
and prompts is made up (`fake_answers`), and its command line has some models (`fake_tool`).
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import fake_answers
import fake_tool

Message = dict[str, Any]
INVOKED = 1


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
    refuses: bool
    is_plain: bool
    version: str
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
        if self.is_plain:
            del capabilities["inlineCompletionProvider"]
        server_info = {"name": "fake", "version": self.version}
        self.answer(message, {"capabilities": capabilities, "serverInfo": server_info})

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
        rest = self.target[offset:]
        if self.refuses or not rest or not self.target.startswith(text[:offset]):
            return []
        after = text[offset:].split("\n")[0]
        replaced = after if after and rest.split("\n")[0].endswith(after) else ""
        end = {**position, "character": position["character"] + utf16_units(replaced)}
        place = {"start": position, "end": end}
        is_invoked = params["context"]["triggerKind"] == INVOKED
        texts = [rest, rest.split("\n")[0], rest[0]] if is_invoked else [rest]
        return [{"insertText": each, "range": place} for each in texts]

    def on_warmline_status(self, message: Message) -> None:
        self.answer(message, {"model": "fake", "documents": len(self.documents)})

    def on_warmline_cache(self, message: Message) -> None:
        uri = message["params"]["textDocument"]["uri"]
        self.answer(message, fake_answers.cache(uri, self.documents[uri]))

    def on_warmline_explain(self, message: Message) -> None:
        self.answer(message, fake_answers.explanation(message["params"]["textDocument"]["uri"]))

    def on_warmline_lastSuggestion(self, message: Message) -> None:  # noqa: N802 (protocol)
        self.answer(message, fake_answers.last_suggestion(is_refused=self.refuses))

    def on_shutdown(self, message: Message) -> None:
        self.answer(message, None)

    def on_exit(self, _message: Message) -> None:
        sys.exit(0)


def main() -> None:
    if sys.argv[1] != "serve":
        sys.exit(fake_tool.run(sys.argv[1:]))
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="?", help="`serve`, as for the real one")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--hold-first", action="store_true")
    parser.add_argument("--refuse", action="store_true")
    parser.add_argument("--die", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--version", default="")
    parser.add_argument("--model", help="as for the real one; of no effect")
    arguments = parser.parse_args()
    with arguments.log.open("a", encoding="utf-8") as log:
        target = arguments.target.read_text(encoding="utf-8")
        log.write(json.dumps({"method": "started", "pid": os.getpid()}) + "\n")
        log.flush()
        if arguments.die:
            sys.exit(3)
        server = FakeServer(
            target,
            log,
            arguments.hold_first,
            arguments.refuse,
            arguments.plain,
            arguments.version,
            sys.stdout.buffer,
        )
        while (message := read_message(sys.stdin.buffer)) is not None:
            server.handle(message)


if __name__ == "__main__":
    main()
