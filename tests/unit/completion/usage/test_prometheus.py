"""The text is what Prometheus reads: every family once, every sample with its type known."""

import re

from completion.usage.prometheus import Gauge, exposition
from completion.usage.tally import Family, Stage, Tally

_SAMPLE = re.compile(r"([a-z_]+)(?:\{((?:[a-z]+=\"(?:[^\"\\]|\\.)*\",?)*)\})? ([-+.e0-9]+)")


def tally() -> Tally:
    tally = Tally()
    tally.add(Family.ANSWERS, "model", 1_234_567_890)
    tally.add(Family.EMPTY_ANSWERS, "timed-out")
    for took_ms in (0.5, 3.0, 700.0):
        tally.time(Stage.TOTAL, took_ms)
    return tally


def samples(text: str) -> dict[tuple[str, str], float]:
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = _SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            assert (name, labels) not in found, line
            found[name, labels or ""] = float(value)
    return found


def test_counts_are_exact_and_carry_their_labels() -> None:
    found = samples(exposition([({"window": "1"}, tally()), ({"window": "2"}, tally())]))
    for window in "12":
        key = ("warmline_answers_total", f'window="{window}",origin="model"')
        assert found[key] == 1_234_567_890


def test_a_histogram_counts_up_to_all() -> None:
    found = samples(exposition([({}, tally())]))
    stage = 'stage="total"'
    assert found["warmline_latency_seconds_count", stage] == 3
    assert found["warmline_latency_seconds_sum", stage] == 0.7035
    counts = [
        value for (name, _), value in found.items() if name == "warmline_latency_seconds_bucket"
    ]
    assert counts == sorted(counts)
    assert counts[-1] == 3
    assert found["warmline_latency_seconds_bucket", f'{stage},le="0.001"'] == 1
    assert found["warmline_latency_seconds_bucket", f'{stage},le="0.004"'] == 2


def test_every_family_is_described_once_before_its_samples() -> None:
    gauge = Gauge("warmline_engine_up", "Whether.", [({}, 1.0)])
    text = exposition([({"window": "1"}, tally()), ({"window": "2"}, tally())], [gauge])
    types = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", text, re.MULTILINE)
    assert len(types) == len(set(types))
    current = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            current = line.split()[2]
        elif not line.startswith("#"):
            assert line.startswith(current)
    assert text.endswith("\n")
    assert "warmline_engine_up 1\n" in text


def test_labels_are_escaped() -> None:
    text = exposition([({"window": 'a"b\\c\nd'}, tally())])
    assert 'window="a\\"b\\\\c\\nd"' in text
    assert samples(text)
