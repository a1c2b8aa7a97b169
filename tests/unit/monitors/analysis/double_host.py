"""A host that does as it is told on its command line; for tests of the other side.

It writes every message it gets to a file, one a line, and answers questions by its manner:
`good` with the text's length, `silent` never, `dies` by ending at the first question, `garbage`
with bytes that are no frame, `deaf` by stopping to read.
"""

import json
import os
import struct
import sys
import time

import msgpack


def main() -> None:
    manner, log_path = sys.argv[1:]
    with open(log_path, "a", encoding="utf-8") as log:  # noqa: PTH123
        while head := sys.stdin.buffer.read(4):
            message = msgpack.unpackb(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
            log.write(json.dumps({"pid": os.getpid(), **message}) + "\n")
            log.flush()
            if "id" in message:
                react(manner, message)


def react(manner: str, message: dict) -> None:
    if manner == "dies":
        os._exit(3)
    if manner == "deaf":
        time.sleep(3600)
    if manner == "garbage":
        sys.stdout.write("Traceback (most recent call last):\n")
        sys.stdout.flush()
    if manner == "good" or message["method"] == "status":
        send({"id": message["id"], "result": answer(message)})
    if manner == "failing language":
        for _ in range(4):
            params = {"language": "python", "phase": "failed", "message": "It fails."}
            send({"method": "state", "params": params})
        send({"id": message["id"], "result": answer(message)})


def answer(message: dict) -> dict:
    if message["method"] == "signature":
        return {
            "keywords": ["end", "sep"],
            "takes_any_keyword": False,
            "most_positional": 2,
            "analyser": "double",
        }
    length = len(message["params"].get("text", ""))
    return {"names": [f"length_{length}"], "analyser": "double", "reason": ""}


def send(message: dict) -> None:
    body = msgpack.packb(message)
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


main()
