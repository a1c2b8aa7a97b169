"""Figures for people and for status: shares, percentiles, and what they were taken from."""

from typing import Any

from completion.usage.histogram import Histogram
from completion.usage.tally import Event, Family, Stage, Tally
from completion.usage.usage import LOOKS_S

PERCENTS = (50, 90, 95, 99)


def summary(tally: Tally) -> dict[str, Any]:
    """Return the figures in the shape of docs/metrics.md; a share of nothing is null."""
    return {
        "answers": {
            **_counts(tally, Family.ANSWERS),
            "empty": _counts(tally, Family.EMPTY_ANSWERS),
        },
        "suggestions": _suggestions(tally),
        "retention": {look: _retention(tally, look) for look in LOOKS_S},
        "latency_ms": {str(each): _latency(tally.latencies[each]) for each in _timed(tally)},
        "tokens": _counts(tally, Family.TOKENS),
        "monitors": _counts(tally, Family.MONITORS),
    }


def _counts(tally: Tally, family: Family) -> dict[str, int]:
    return dict(sorted(tally.counts[family].items())) if family in tally.counts else {}


def _suggestions(tally: Tally) -> dict[str, Any]:
    events = {str(event): tally.get(Family.SUGGESTIONS, event) for event in Event}
    accepted = events[Event.ACCEPTED] - events[Event.TAKEN_BACK]
    return {
        **events,
        "accepted_characters": tally.get(Family.CHARACTERS, Event.ACCEPTED),
        "acceptance": _share(accepted, events[Event.SHOWN]),
    }


def _retention(tally: Tally, look: str) -> dict[str, Any]:
    num_pieces = tally.get(Family.RETENTION_PIECES, look)
    num_characters = tally.get(Family.RETENTION_CHARACTERS, look)
    return {
        "pieces": num_pieces,
        "whole": tally.get(Family.RETENTION_WHOLE, look),
        "kept": _share(tally.get(Family.RETENTION_KEPT, look), num_characters),
    }


def _timed(tally: Tally) -> list[Stage]:
    return [stage for stage in Stage if stage in tally.latencies]


def _latency(histogram: Histogram) -> dict[str, Any]:
    percentiles = {f"p{each}": round(histogram.percentile_ms(each), 1) for each in PERCENTS}
    return {"n": histogram.count, **percentiles, "longest": round(histogram.longest_ms, 1)}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
