"""Figures as text that Prometheus and its kin read.

Source:
    Prometheus, Exposition formats, text-based format 0.0.4.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from completion.usage.histogram import Histogram
from completion.usage.tally import Family, Stage, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]

LATENCY = "warmline_latency_seconds"


class _Counter(NamedTuple):
    name: str
    label: str
    explanation: str


_COUNTERS: Mapping[Family, _Counter] = {
    Family.ANSWERS: _Counter(
        "warmline_answers_total", "origin", "Answers with text, by where they come from."
    ),
    Family.EMPTY_ANSWERS: _Counter(
        "warmline_empty_answers_total", "reason", "Answers without text, by the reason."
    ),
    Family.SUGGESTIONS: _Counter(
        "warmline_suggestions_total", "event", "Suggestions, by what became of them."
    ),
    Family.CHARACTERS: _Counter(
        "warmline_suggested_characters_total", "event", "Characters of suggestions."
    ),
    Family.RETENTION_PIECES: _Counter(
        "warmline_retention_pieces_total", "after", "Accepted texts that were looked at again."
    ),
    Family.RETENTION_WHOLE: _Counter(
        "warmline_retention_whole_total", "after", "Of those, with every character still there."
    ),
    Family.RETENTION_CHARACTERS: _Counter(
        "warmline_retention_characters_total", "after", "Characters that were looked for again."
    ),
    Family.RETENTION_KEPT: _Counter(
        "warmline_retention_kept_characters_total", "after", "Of those, still there."
    ),
    Family.TOKENS: _Counter(
        "warmline_tokens_total", "how", "Tokens kept, moved, encoded and generated."
    ),
    Family.MONITORS: _Counter(
        "warmline_monitors_total", "event", "Places asked about, answered, and names taken back."
    ),
}


class Gauge(NamedTuple):
    """A figure that may fall, with its value for each set of labels."""

    name: str
    explanation: str
    values: Sequence[tuple[Labels, float]]


def exposition(tallies: Sequence[tuple[Labels, Tally]], gauges: Iterable[Gauge] = ()) -> str:
    """Return all figures as one text.

    Args:
        tallies: Of several windows, each with labels that tell it from the others.
        gauges: What else is to be in it.
    """
    lines = [line for gauge in gauges for line in _gauge_lines(gauge)]
    for family, counter in _COUNTERS.items():
        lines += _head(counter.name, "counter", counter.explanation)
        for labels, tally in tallies:
            for value, number in sorted(tally.counts.get(family, {}).items()):
                lines.append(_sample(counter.name, {**labels, counter.label: value}, number))
    lines += _head(LATENCY, "histogram", "How long stages of a request took.")
    for labels, tally in tallies:
        for stage in Stage:
            if stage in tally.latencies:
                lines += _histogram({**labels, "stage": stage}, tally.latencies[stage])
    return "\n".join(lines) + "\n"


def _gauge_lines(gauge: Gauge) -> Iterator[str]:
    yield from _head(gauge.name, "gauge", gauge.explanation)
    yield from (_sample(gauge.name, labels, value) for labels, value in gauge.values)


def _histogram(labels: Labels, histogram: Histogram) -> Iterator[str]:
    for upper_ms, count in histogram.cumulative():
        yield _sample(f"{LATENCY}_bucket", {**labels, "le": f"{upper_ms / 1000:g}"}, count)
    yield _sample(f"{LATENCY}_bucket", {**labels, "le": "+Inf"}, histogram.count)
    yield _sample(f"{LATENCY}_sum", labels, histogram.sum_ms / 1000)
    yield _sample(f"{LATENCY}_count", labels, histogram.count)


def _head(name: str, kind: str, explanation: str) -> Iterator[str]:
    yield f"# HELP {name} {explanation}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {value:.15g}" if pairs else f"{name} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
