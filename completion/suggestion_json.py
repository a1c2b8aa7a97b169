"""A suggestion as plain data: the server's answer and the command line's are the same."""

from dataclasses import asdict
from typing import Any

from completion.types import Candidate, Suggestion
from engine.protocol.messages import DecodeReport, SyncReport

_NO_SYNC = SyncReport(prompt=0, kept=0, moved=0, encoded=0, exact_prefix=0, sync_ms=0.0)
_NO_DECODING = DecodeReport(tokens=0, passes=0, drafted=0, accepted=0, decode_ms=0.0)


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    """Return a suggestion in the shape that docs/protocol.md describes."""
    return {
        "text": suggestion.text,
        "candidates": [_candidate_json(candidate) for candidate in suggestion.candidates],
        "model": suggestion.model,
        "origin": suggestion.origin,
        "timings": asdict(suggestion.timings),
        "tokens": tokens_json(suggestion),
        "decoding": decoding_json(suggestion),
        "monitors": asdict(suggestion.guidance),
        "reason": suggestion.reason,
        "detail": suggestion.detail,
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "num_tokens": candidate.num_tokens,
        "mean_logprob": candidate.mean_logprob,
        "confidence": round(candidate.confidence, 4),
    }


def tokens_json(suggestion: Suggestion) -> dict[str, int]:
    """Return the counts; `kept`, `moved` and `encoded` add up to `prompt`."""
    sync = suggestion.sync or _NO_SYNC
    return {
        "prompt": sync.prompt,
        "kept": sync.kept,
        "moved": sync.moved,
        "encoded": sync.encoded,
        "exact_prefix": sync.exact_prefix,
        "generated": suggestion.num_generated,
    }


def decoding_json(suggestion: Suggestion) -> dict[str, Any]:
    """Return what the engine has done for the tokens, as far as it was followed."""
    return asdict(suggestion.decoding or _NO_DECODING)
