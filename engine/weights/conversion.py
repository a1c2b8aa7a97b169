"""A GGUF file becomes a folder that can be mapped into memory."""

import sys
from pathlib import Path

from engine.errors import DiskSpaceError, ModelError, ModelFileError, UnsupportedModelError
from engine.weights.child import ChildStalledError, last_words, run_child
from engine.weights.disk import remove_folder, size_on_disk
from engine.weights.gguf_header import GgufHeader, read_header
from engine.weights.job import Job
from engine.weights.model_folder import find_problem
from engine.weights.progress import Step

_SCRIPT = Path(__file__).with_name("convert_gguf.py")
_STALL_S = 3600.0
_BF16_BYTES = 2
_TOKENIZER_BYTES = 32_000_000  # tokenizer and configuration, generously
_SCALED_ROTARY_TENSORS = {"rope_freqs.weight", "rope_factors_long.weight"}


def convert(gguf_file: Path, job: Job) -> Path:
    """Convert a GGUF file to bf16 safetensors and return the new folder in `job.folder`.

    Takes a minute for half a billion weights, in a child process. What an earlier, killed
    conversion left there is removed.

    Raises:
        ModelFileError: If the file is damaged.
        UnsupportedModelError: If the conversion would lose something, or does not know the
            architecture.
        DiskSpaceError: If the result would not fit.
    """
    header = require_convertible(gguf_file)
    made_bytes = header.num_elements * _BF16_BYTES + _TOKENIZER_BYTES
    remove_folder(job.folder / "converted")
    job.require_space(made_bytes, f"Converting {job.title}")
    return _run_script(gguf_file, made_bytes, job)


def require_convertible(gguf_file: Path) -> GgufHeader:
    """Read the head of a file that nothing is known to be wrong with.

    Raises:
        ModelFileError: If the file is damaged or cut off.
        UnsupportedModelError: If the library would drop a part of it without a word; it would be
            another model.
    """
    header = read_header(gguf_file)
    kind = header.scalars.get(f"{header.architecture}.rope.scaling.type", "none")
    if kind != "none" or header.tensor_names & _SCALED_ROTARY_TENSORS:
        raise UnsupportedModelError(
            f"{gguf_file} scales its rotary positions (found: {kind}), which is lost when GGUF"
            " is converted; use the model's folder of safetensors instead."
        )
    return header


def _run_script(gguf_file: Path, made_bytes: int, job: Job) -> Path:
    made, log = job.folder / "converted", job.folder / "conversion.log"
    source = _alone(gguf_file, job.folder / "source")
    message = f"Converting {job.title}"

    def watch() -> int:
        written = size_on_disk(made)
        # Most of the time passes before the first byte is written; nobody can say how much.
        job.report(Step.CONVERT, written, made_bytes if written else None, message)
        return written

    try:
        exit_code = run_child(
            [sys.executable, "-P", _SCRIPT, source.parent, source.name, made],
            folder=job.folder,
            log=log,
            environment={"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"},
            watch=watch,
            stall_s=_STALL_S,
        )
    except ChildStalledError as error:
        raise ModelFileError(
            f"Converting {gguf_file} made no progress for {_STALL_S:.0f} seconds and was stopped;"
            f" its messages are in {log}."
        ) from error
    if exit_code != 0:
        raise _explain(gguf_file, log)
    if problem := find_problem(made):
        raise ModelFileError(f"The conversion of {gguf_file} is of no use: {problem}; see {log}.")
    return made


def _explain(gguf_file: Path, log: Path) -> ModelError:
    said = last_words(log)
    if "No space left" in said or "Disk quota" in said:
        return DiskSpaceError(f"The disk ran full while {gguf_file} was converted ({said}).")
    if "not supported" in said:
        return UnsupportedModelError(f"{gguf_file} cannot be converted ({said}).")
    return ModelFileError(f"Converting {gguf_file} failed ({said}); all messages are in {log}.")


def _alone(gguf_file: Path, folder: Path) -> Path:
    """Link a file into a folder of its own: a tokenizer beside it is not its tokenizer."""
    remove_folder(folder)
    folder.mkdir(parents=True)
    link = folder / "model.gguf"
    try:
        link.symlink_to(gguf_file.absolute())
    except OSError:
        return gguf_file  # Windows without developer mode
    return link
