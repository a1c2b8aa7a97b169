import json

from evaluation.report import Report, summarise, this_machine


def test_median_and_quartiles_of_enough_values() -> None:
    row = summarise("insert@10", "warmline", "update_ms", [5.0, 1.0, 3.0, 2.0, 4.0], "ms")
    assert (row.low, row.value, row.high, row.n) == (2.0, 3.0, 4.0, 5)


def test_extremes_where_quartiles_would_say_less() -> None:
    row = summarise("insert@10", "warmline", "update_ms", [5.0, 1.0, 3.0], "ms")
    assert (row.low, row.value, row.high) == (1.0, 3.0, 5.0)


def test_one_value() -> None:
    row = summarise("decode@2048", "full", "tok_s", [7.0], "tokens/s")
    assert (row.low, row.value, row.high, row.n) == (7.0, 7.0, 7.0, 1)


def test_a_report_is_plain_data() -> None:
    row = summarise(
        "insert@10", "warmline", "update_ms", [1.0], "ms", params={"prompt_tokens": 8000}
    )
    report = Report("bench edits", "1.0", this_machine(), "a-model", 0, (row,))
    again = json.loads(json.dumps(report.to_json()))
    assert again["rows"][0]["params"] == {"prompt_tokens": 8000}
    assert set(again) == {"command", "version", "machine", "model", "seed", "rows", "notes"}
    assert again["machine"]["cores"] >= 1
