import json

from evaluation.report import Report, summarise, summarise_percentile, this_machine


def test_median_and_quartiles_of_enough_values() -> None:
    row = summarise("insert@10", "warmline", "update_ms", [5.0, 1.0, 3.0, 2.0, 4.0], "ms")
    assert (row.low, row.value, row.high, row.n) == (2.0, 3.0, 4.0, 5)


def test_extremes_where_quartiles_would_say_less() -> None:
    row = summarise("insert@10", "warmline", "update_ms", [5.0, 1.0, 3.0], "ms")
    assert (row.low, row.value, row.high) == (1.0, 3.0, 5.0)


def test_one_value() -> None:
    row = summarise("decode@2048", "full", "tok_s", [7.0], "tokens/s")
    assert (row.low, row.value, row.high, row.n) == (7.0, 7.0, 7.0, 1)


def percentile(values: list[float], percent: float) -> tuple[float, float, float]:
    row = summarise_percentile("typing", "warmline", "p", values, "ms", percent=percent)
    return row.low, row.value, row.high


def test_a_percentile_and_its_interval_are_measurements() -> None:
    values = [float(value) for value in range(1000, 0, -1)]
    assert percentile(values, 50) == (470.0, 500.0, 532.0)
    assert percentile(values, 99) == (984.0, 990.0, 998.0)


def test_a_percentile_of_few_values_reaches_to_the_largest() -> None:
    assert percentile([3.0, 1.0, 2.0], 99)[1:] == (3.0, 3.0)
    assert percentile([4.0], 1) == (4.0, 4.0, 4.0)
    assert percentile([1.0, 2.0, 3.0], 100) == (3.0, 3.0, 3.0)


def test_a_report_is_plain_data() -> None:
    row = summarise(
        "insert@10", "warmline", "update_ms", [1.0], "ms", params={"prompt_tokens": 8000}
    )
    report = Report("bench edits", "1.0", this_machine(), "a-model", 0, (row,))
    again = json.loads(json.dumps(report.to_json()))
    assert again["rows"][0]["params"] == {"prompt_tokens": 8000}
    assert set(again) == {"command", "version", "machine", "model", "seed", "rows", "notes"}
    assert again["machine"]["cores"] >= 1
