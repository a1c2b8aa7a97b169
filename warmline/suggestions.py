"""A suggestion as the command line shows it: for machines, and for people."""

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
    """Return what `--json` prints: `reason` and `detail` only where there is no text."""
    result: dict[str, Any] = {
        "text": suggestion.text,
        "candidates": [
            {
                "text": candidate.text,
                "tokens": candidate.num_tokens,
                "mean_logprob": candidate.mean_logprob,
            }
            for candidate in suggestion.candidates
        ],
        "model": suggestion.model,
        "timings": {
            "sync_ms": suggestion.timings.sync_ms,
            "first_token_ms": suggestion.timings.first_token_ms,
            "total_ms": suggestion.timings.total_ms,
        },
        "tokens": tokens_json(suggestion),
    }
    if suggestion.reason is not None:
        result |= {"reason": suggestion.reason.value, "detail": suggestion.detail}
    return result


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
