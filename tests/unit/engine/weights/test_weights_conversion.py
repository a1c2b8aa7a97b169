"""Real conversions of a one-layer model; each starts torch in a child, so there are few."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from engine.errors import DiskSpaceError, ModelFileError, UnsupportedModelError
from engine.weights import conversion
from engine.weights.job import Job

NewGguf = Callable[..., dict[str, np.ndarray]]
WORDS = ("<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")


def test_weights_and_tokenizer_come_through(
    new_gguf: NewGguf, new_job: Callable[..., Job], tmp_path: Path, reports: Any
) -> None:
    neighbours = tmp_path / "neighbours"
    neighbours.mkdir()
    tensors = new_gguf(neighbours / "tiny.gguf", seed=7)
    (neighbours / "tokenizer.json").write_text('{"model": {"type": "BPE"}}')  # of another model
    (tmp_path / "work" / "converted").mkdir(parents=True)
    (tmp_path / "work" / "converted" / "leftover").write_text("of a killed conversion")

    folder = conversion.convert(neighbours / "tiny.gguf", new_job())

    assert not (folder / "leftover").exists()
    assert json.loads((folder / "config.json").read_text())["model_type"] == "qwen2"
    made = load_file(folder / "model.safetensors")
    assert {tensor.dtype for tensor in made.values()} == {torch.bfloat16}
    for gguf_name, name in (
        ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight"),
        ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"),
        ("output.weight", "lm_head.weight"),
    ):
        assert torch.equal(made[name], torch.tensor(tensors[gguf_name]).bfloat16())
    assert "Converting Tiny" in reports.text
    assert_tokenizer_is_right(folder)


def assert_tokenizer_is_right(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for word in WORDS:
        assert tokenizer.encode(word).ids == [tokenizer.token_to_id(word)]
    text = "def f():\r\n\treturn 'é漢'"
    encoded = tokenizer.encode(text)
    assert encoded.tokens[0] == "def"
    assert tokenizer.decode(encoded.ids) == text


def test_an_architecture_nobody_knows_is_refused(
    new_gguf: NewGguf, new_job: Callable[..., Job], tmp_path: Path
) -> None:
    new_gguf(tmp_path / "odd.gguf", architecture="rwkv6")
    with pytest.raises(UnsupportedModelError, match="rwkv6"):
        conversion.convert(tmp_path / "odd.gguf", new_job())


@pytest.mark.parametrize("facts", [{"scaling": "linear"}, {"extra_tensor": "rope_freqs.weight"}])
def test_scaled_rotary_positions_are_refused(
    new_gguf: NewGguf, new_job: Callable[..., Job], tmp_path: Path, facts: dict[str, str]
) -> None:
    """The library would drop the scaling in silence."""
    new_gguf(tmp_path / "scaled.gguf", **facts)
    with pytest.raises(UnsupportedModelError, match="scales its rotary positions"):
        conversion.convert(tmp_path / "scaled.gguf", new_job())


def test_a_result_that_would_not_fit_is_not_begun(
    tiny_gguf: Path, new_job: Callable[..., Job]
) -> None:
    job = new_job(free=1_000_000)
    with pytest.raises(DiskSpaceError, match="only 1 MB were found"):
        conversion.convert(tiny_gguf, job)
    assert not list(job.folder.iterdir())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("OSError: [Errno 28] No space left on device", DiskSpaceError),
        ("ValueError: GGUF model with architecture x is not supported yet.", UnsupportedModelError),
        ("RuntimeError: anything else", ModelFileError),
    ],
)
def test_what_the_child_said_decides_the_error(
    tiny_gguf: Path,
    new_job: Callable[..., Job],
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    kind: type[Exception],
) -> None:
    job = new_job()
    script = job.folder / "script.py"
    script.write_text(f"raise SystemExit({said!r})")
    monkeypatch.setattr(conversion, "_SCRIPT", script)
    with pytest.raises(kind, match=said.split(": ", 1)[1].replace("[", r"\[")):
        conversion.convert(tiny_gguf, job)


def test_a_conversion_ends_when_its_parent_is_gone(tiny_gguf: Path, tmp_path: Path) -> None:
    """A killed parent cannot kill its child; the child sees the end of its input."""
    script = Path(conversion.__file__).with_name("convert_gguf.py")
    target = tmp_path / "target"
    command = [sys.executable, "-P", script, tiny_gguf.parent, tiny_gguf.name, target]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(timeout=60) == 1
    assert not target.exists()
