"""`warmline bench encoders`: what is printed and kept, and which calls fail."""

import json
from pathlib import Path

import pytest

from tests.unit.engine.tiny_encoders import write_encoder
from warmline.main import main


def test_encoders_are_measured_printed_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = str(write_encoder(tmp_path / "tiny"))
    out = tmp_path / "results"
    call = ["bench", "encoders", "--encoders", encoder, "--storage-types", "float32"]
    assert main([*call, "--repeats", "1", "--threads", "1", "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    found = {(row["kind"], row["arm"], row["metric"]) for row in report["rows"]}
    assert found == {
        (kind, arm, metric)
        for arm in ("hashed", f"{encoder} float32")
        for kind, metric in (
            ("encode", "texts_s"),
            ("encode", "text_cpu_ms"),
            ("encode", "query_ms"),
            ("encode", "query_cpu_ms"),
            ("load", "load_ms"),
            ("load", "weights_mb"),
        )
    }
    assert all(row["value"] > 0 for row in report["rows"])
    assert json.loads((out / "report.json").read_text("utf-8")) == report
    assert "texts_s" in (out / "table.md").read_text("utf-8")


def test_an_encoder_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "encoders", "--encoders", str(tmp_path), "--offline"]) == 1
    assert "cannot be loaded as a model: it lacks config.json" in capsys.readouterr().err
