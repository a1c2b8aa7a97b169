from pathlib import Path

import gguf
import pytest

from engine.errors import ModelFileError
from engine.weights.gguf_header import is_gguf, read_header


def test_the_header_agrees_with_the_library(tiny_gguf: Path) -> None:
    header, reader = read_header(tiny_gguf), gguf.GGUFReader(tiny_gguf)
    assert header.architecture == "qwen2"
    assert header.scalars["qwen2.rope.freq_base"] == 10_000.0
    assert header.tensor_names == {tensor.name for tensor in reader.tensors}
    assert header.num_elements == sum(int(tensor.n_elements) for tensor in reader.tensors)


def test_a_whole_file_has_the_bytes_it_needs(tiny_gguf: Path) -> None:
    padding = 31
    size, needed = tiny_gguf.stat().st_size, read_header(tiny_gguf).needed_bytes
    assert needed <= size <= needed + padding


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_anywhere_is_refused(tiny_gguf: Path, tmp_path: Path, share: float) -> None:
    cut = tmp_path / "cut.gguf"
    content = tiny_gguf.read_bytes()
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match="download it again"):
        read_header(cut)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"PK\x03\x04" + bytes(64), "begins with"), (b"GGUF\x09\0\0\0" + bytes(64), "version is 9")],
)
def test_other_files_are_refused_with_what_was_found(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=reason):
        read_header(file)


def test_only_files_that_begin_so_are_gguf(tiny_gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"GGU")
    assert is_gguf(tiny_gguf)
    assert not is_gguf(tmp_path / "other")
    assert not is_gguf(tmp_path)
    assert not is_gguf(tmp_path / "missing")
