"""What a suggestion means for the command line: whether the work was done, and what it took."""

from completion.guidance.report import GuidanceReport
from completion.suggestion_json import decoding_json, tokens_json
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


def describe_cost(suggestion: Suggestion) -> str:
    """Say in one line what the suggestion took."""
    timings, tokens = suggestion.timings, tokens_json(suggestion)
    decoding = decoding_json(suggestion)
    return (
        f"{suggestion.model}: sync {timings.sync_ms:.0f} ms, first token"
        f" {timings.first_token_ms:.0f} ms, total {timings.total_ms:.0f} ms;"
        f" {tokens['prompt']} prompt tokens: {tokens['kept']} kept, {tokens['moved']} moved,"
        f" {tokens['encoded']} encoded; exact up to {tokens['exact_prefix']};"
        f" {tokens['generated']} generated in {decoding['passes']} passes,"
        f" {decoding['accepted']} of {decoding['drafted']} drafts accepted;"
        f" {_describe_guidance(suggestion.guidance)}"
    )


def _describe_guidance(report: GuidanceReport) -> str:
    known = f"{report.num_answered} of {report.num_sites} names known to analysis"
    if not report.vetoes:
        return known
    taken_back = ", ".join(f"{each.name} for {each.instead or 'nothing'}" for each in report.vetoes)
    return f"{known}, taken back: {taken_back}"
