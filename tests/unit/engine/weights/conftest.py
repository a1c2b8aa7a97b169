"""Small stand-ins for big things: a GGUF file of a few kilobytes, wheels, sources."""

import hashlib
import json
import struct
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from tokenizers.pre_tokenizers import ByteLevel

from engine.weights.catalogue import CatalogueEntry
from engine.weights.job import Job
from engine.weights.progress import ProgressReport

CONTROL_WORDS = ("<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>")
HIDDEN, HEADS, KEY_HEADS, HIDDEN_FF = 32, 4, 2, 48


def vocabulary() -> tuple[list[str], list[int], list[str]]:
    """Return words, their kinds and merges of a byte-level tokenizer."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, "de", "def", *CONTROL_WORDS]
    kinds = [gguf.TokenType.NORMAL] * (len(letters) + 2)
    kinds += [gguf.TokenType.CONTROL] * len(CONTROL_WORDS)
    return words, [int(kind) for kind in kinds], ["d e", "de f"]


def tensor_shapes(num_words: int) -> dict[str, tuple[int, ...]]:
    head = HIDDEN // HEADS
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (num_words, HIDDEN),
        "output_norm.weight": (HIDDEN,),
        "output.weight": (num_words, HIDDEN),
    }
    for name, rows, columns in (
        ("attn_q", HIDDEN, HIDDEN),
        ("attn_k", KEY_HEADS * head, HIDDEN),
        ("attn_v", KEY_HEADS * head, HIDDEN),
        ("attn_output", HIDDEN, HIDDEN),
        ("ffn_gate", HIDDEN_FF, HIDDEN),
        ("ffn_up", HIDDEN_FF, HIDDEN),
        ("ffn_down", HIDDEN, HIDDEN_FF),
    ):
        shapes[f"blk.0.{name}.weight"] = (rows, columns)
        if name in {"attn_q", "attn_k", "attn_v"}:
            shapes[f"blk.0.{name}.bias"] = (rows,)
    return shapes | {"blk.0.attn_norm.weight": (HIDDEN,), "blk.0.ffn_norm.weight": (HIDDEN,)}


def write_gguf(
    path: Path,
    *,
    architecture: str = "qwen2",
    seed: int = 0,
    scaling: str | None = None,
    extra_tensor: str | None = None,
) -> dict[str, np.ndarray]:
    """Write a one-layer model with random weights and return them by GGUF name."""
    words, kinds, merges = vocabulary()
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN_FF)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    if scaling:
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling))
        writer.add_rope_scaling_factor(4.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(words.index("<|endoftext|>"))
    writer.add_eos_token_id(words.index("<|endoftext|>"))
    random = np.random.default_rng(seed)
    shapes = tensor_shapes(len(words)) | ({extra_tensor: (4,)} if extra_tensor else {})
    tensors = {n: random.normal(size=s).astype(np.float32) for n, s in shapes.items()}
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


@pytest.fixture(scope="session")
def new_gguf() -> Callable[..., dict[str, np.ndarray]]:
    return write_gguf


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(path)
    return path


def write_model_folder(folder: Path) -> Path:
    """Write the smallest folder that counts as a model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(safetensors_bytes(b"1234"))
    return folder


def safetensors_bytes(data: bytes) -> bytes:
    tensor = {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}
    header = json.dumps({"weight": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + data


@pytest.fixture
def quick_convert() -> Callable[[Path, Job], Path]:
    """Return a converter that takes no time; the folder it makes holds the file's bytes."""

    def convert(gguf_file: Path, job: Job) -> Path:
        folder = write_model_folder(job.folder / "converted")
        (folder / "model.safetensors").write_bytes(safetensors_bytes(gguf_file.read_bytes()))
        return folder

    return convert


@dataclass
class Reports:
    """Remembers every report; `stop_at` raises at the first one of a step."""

    seen: list[ProgressReport] = field(default_factory=list)
    stop_at: str | None = None

    def __call__(self, report: ProgressReport) -> None:
        self.seen.append(report)
        if report.step == self.stop_at:
            raise KeyboardInterrupt

    @property
    def text(self) -> str:
        return "\n".join(report.message for report in self.seen)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def new_reports() -> type[Reports]:
    return Reports


@pytest.fixture
def new_job(tmp_path: Path, reports: Reports) -> Callable[..., Job]:
    def make(free: int = 10**12, progress: Any = reports) -> Job:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        return Job("Tiny", folder, progress, lambda _: free)

    return make


@pytest.fixture
def new_entry() -> Callable[..., CatalogueEntry]:
    """Return a maker of catalogue entries for a file's content."""

    def make(content: bytes, **changes: Any) -> CatalogueEntry:
        facts = {
            "name": "tiny",
            "title": "Tiny",
            "license": "none",
            "parameters": "0",
            "model_type": "qwen2",
            "description": "for tests",
            "hub_repository": "someone/tiny",
            "hub_filename": "tiny.gguf",
            "download_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        return CatalogueEntry(**(facts | changes))

    return make


@dataclass
class FakeSource:
    """Gives `content`, or raises what it was told to raise; counts how often it was asked."""

    content: bytes = b""
    name: str = "fake source"
    error: Exception | None = None
    asked: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    may_finish: threading.Event | None = None

    def offers(self, _entry: CatalogueEntry) -> bool:
        return True

    def fetch(self, _entry: CatalogueEntry, job: Job) -> Path:
        self.asked += 1
        self.started.set()
        if self.may_finish is not None:
            assert self.may_finish.wait(60)
        if self.error is not None:
            raise self.error
        target = job.folder / "fetched.gguf"
        target.write_bytes(self.content)
        return target


@pytest.fixture
def new_source() -> type[FakeSource]:
    return FakeSource


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Point pip at a folder of wheels and return a function that adds wheels to it."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def add(name: str, files: dict[str, bytes], version: str = "1.0") -> Path:
        stem = name.replace("-", "_")
        info = f"{stem}-{version}.dist-info"
        path = folder / f"{stem}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for file, content in files.items():
                wheel.writestr(file, content)
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return path

    return add
