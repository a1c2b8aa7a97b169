"""What the fake server says about a cache and a prompt, in the shapes of docs/protocol.md."""

from typing import Any

MARKERS = ("<|file|>helper.py\nx = 1\n<|file|>source.py\n<|before|>", "<|after|>", "<|middle|>")


def cache(uri: str, text: str) -> dict[str, Any]:
    """Cut a prompt after each fourth character: the first half exact, then moved, then encoded.

    The cursor is in the middle of the text.
    """
    middle = len(text) // 2
    front, between, end = MARKERS
    prompt = front + text[:middle] + between + text[middle:] + end
    runs = [_run(prompt, start, 4) for start in range(0, len(prompt), 4)]
    return {
        "document": uri,
        "runs": runs,
        "num_tokens": len(runs),
        "exact_prefix": 7,
        "num_kept": 3,
        "num_moved": 5,
        "num_encoded": len(runs) - 8,
        "bytes_used": 1000,
        "last_sync": {"kept": 3, "moved": 5, "encoded": len(runs) - 8, "sync_ms": 12.0},
    }


def _run(prompt: str, start: int, length: int) -> dict[str, Any]:
    share = start / len(prompt)
    origin = "kept" if share < 0.5 else "moved" if share < 0.75 else "encoded"
    text = prompt[start : start + length]
    return {
        "start": start // length,
        "stop": start // length + 1,
        "origin": origin,
        "is_exact": origin == "kept",
        "text": text,
    }


def explanation(uri: str) -> dict[str, Any]:
    chunk = {
        "path": "helper.py",
        "line": 3,
        "num_lines": 2,
        "origin": "repository",
        "score": 0.75,
        "lexical_score": 4.5,
        "encoder_score": None,
        "gain": 1.0,
        "tokens": 21,
        "is_cut": False,
        "left_out": "",
        "text": "def helper():\n    return 1\n",
    }
    left_out = {**chunk, "path": "other.py", "left_out": "It helps less than nothing.", "text": ""}
    return {
        "document": uri,
        "model": "fake",
        "query": "",
        "chunks": [chunk],
        "left_out": [left_out],
        "stop_score": None,
        "stop_rank": None,
        "budget_tokens": 1024,
        "context_tokens": 21,
        "prompt_tokens": 300,
        "note": "",
        "timings": {"lexical_ms": 1.0, "encoder_ms": 2.0, "search_ms": 4.0, "prompt_ms": 5.0},
        "name": {
            "kind": "member",
            "receiver": "self",
            "typed": "",
            "names": ["add", "total"],
            "analyser": "jedi",
            "took_ms": 3.0,
            "reason": "",
        },
        "prompt": [{"kind": "chunk", "label": "helper.py", "tokens": 21, "text": ""}],
    }


def last_suggestion(*, is_refused: bool) -> dict[str, Any]:
    veto = {
        "kind": "member",
        "receiver": "self",
        "name": "sum",
        "instead": "total",
        "analyser": "jedi",
        "took_ms": 9.0,
    }
    return {
        "text": "" if is_refused else "total",
        "origin": "model",
        "timings": {"sync_ms": 6.0, "first_token_ms": 7.0, "total_ms": 8.0, "search_ms": 0.0},
        "monitors": {"vetoes": [] if is_refused else [veto]},
        "reason": "private-file" if is_refused else None,
        "detail": "The name of the file promises secrets." if is_refused else "",
    }
