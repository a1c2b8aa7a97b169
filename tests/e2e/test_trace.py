"""The beginning of a real recording, with a real tokenizer and tiny random weights."""

import json
from pathlib import Path

import pytest

from warmline.main import main

pytestmark = pytest.mark.e2e


def test_real_typing_leaves_text_tokens_and_cache_the_same(
    warmline_data: Path, default_model_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A difference would end the command; a refresh leaves no error behind."""
    recording = warmline_data / "editing_traces" / "rustcode.json.gz"
    call = ["eval", "trace", "--tiny", "--transactions", "400", "--file", str(recording)]
    assert main([*call, "--model", str(default_model_directory), "--offline", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    kl = {row["arm"]: row for row in rows if (row["kind"], row["metric"]) == ("trace", "kl")}
    assert kl["refreshed"]["high"] < 1e-6
    assert kl["default"]["value"] > kl["refreshed"]["value"]
