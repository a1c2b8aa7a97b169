"""A suggestion as the command line shows it: for machines, and for people."""

from dataclasses import asdict
from typing import Any

from completion.types import EmptyReason, Suggestion

FAILURES = frozenset(
    {
        EmptyReason.LOADING,
        EmptyReason.ENGINE_FAILED,
        EmptyReason.ENGINE_UNAVAILABLE,
        EmptyReason.DOCUMENT_TOO_LARGE,
        EmptyReason.SUPERSEDED,
        EmptyReason.TIMED_OUT,
    }
)
"""Reasons that mean: the work was not done. With the others it was, and found nothing to say."""


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    """Return what `--json` prints, in the shape of the server's `warmline/lastSuggestion`."""
    return {
        "text": suggestion.text,
        "candidates": [asdict(candidate) for candidate in suggestion.candidates],
        "model": suggestion.model,
        "timings": asdict(suggestion.timings),
        "tokens": tokens_json(suggestion),
        "reason": suggestion.reason,
        "detail": suggestion.detail,
    }


def tokens_json(suggestion: Suggestion) -> dict[str, int]:
    """Return the counts; `kept`, `moved` and `encoded` add up to `prompt`."""
    names = ("prompt", "kept", "moved", "encoded", "exact_prefix")
    counts = {name: getattr(suggestion.sync, name) if suggestion.sync else 0 for name in names}
    return counts | {"generated": suggestion.num_generated}


def describe_cost(suggestion: Suggestion) -> str:
    """Say in one line what the suggestion took."""
    timings, tokens = suggestion.timings, tokens_json(suggestion)
    return (
        f"{suggestion.model}: sync {timings.sync_ms:.0f} ms, first token"
        f" {timings.first_token_ms:.0f} ms, total {timings.total_ms:.0f} ms;"
        f" {tokens['prompt']} prompt tokens: {tokens['kept']} kept, {tokens['moved']} moved,"
        f" {tokens['encoded']} encoded; exact up to {tokens['exact_prefix']};"
        f" {tokens['generated']} generated"
    )
