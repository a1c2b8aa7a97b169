"""Turns one GGUF file into a folder of bf16 safetensors with its tokenizer.

Run as a script, in a process of its own, by `engine.weights.conversion`, which keeps torch,
its memory and its warnings out of the caller and lets a conversion be killed cleanly. It
imports nothing of this project, so it does not matter where it is started.

    python convert_gguf.py FOLDER FILE TARGET
"""

import functools
import os
import sys
import threading
from pathlib import Path


def convert(folder: str, file: str, target: str) -> None:
    """Convert `folder/file` into the new folder `target`."""
    import gguf  # noqa: PLC0415 - the watch of the parent comes before slow imports
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    # The library reads the file anew at every step, which takes seconds for a large vocabulary.
    vars(gguf)["GGUFReader"] = functools.cache(gguf.GGUFReader)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=file,
        dtype=torch.bfloat16,
        quantization_config=transformers.GgufConfig(dequantize=True),
    )
    Path(target).mkdir()
    tokenizer.save_pretrained(target)
    model.save_pretrained(target)


def leave_with_parent() -> None:
    """End this process when the parent's end of standard input closes."""

    def watch() -> None:
        os.read(0, 1)  # returns when there is an end; nobody writes
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    leave_with_parent()
    convert(*sys.argv[1:])
