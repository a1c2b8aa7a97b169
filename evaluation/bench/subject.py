"""The model that is measured, and the machine's part in it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from completion.families import detect_family
from completion.layout import Layout
from completion.tokenization import Tokenization
from engine.errors import ModelFileError
from evaluation.bench.messages import ArmOptions
from evaluation.errors import CannotMeasureError

_DEFAULT_CONTEXT_TOKENS = 2048
_CONTEXT_STEP = 256  # llama.cpp rounds up to it


@dataclass(frozen=True, slots=True)
class Subject:
    """A model in a folder, with what all arms have in common.

    Attributes:
        name: As the user named it.
        directory: Where its weights are.
        tokenization: Its tokenizer; all arms get the same tokens.
        layout: How its family writes a prompt.
        context_tokens: The longest prompt it can read.
        threads: For every arm.
        device, storage_type: As in the engine's settings.
    """

    name: str
    directory: Path
    tokenization: Tokenization
    layout: Layout
    context_tokens: int
    threads: int
    device: str = "auto"
    storage_type: str = "auto"

    def options(self, arm: str, longest_tokens: int) -> ArmOptions:
        """Return the options of an arm for sequences of at most so many tokens."""
        return ArmOptions(
            arm=arm,
            model=self.directory,
            threads=self.threads,
            context_tokens=-(-longest_tokens // _CONTEXT_STEP) * _CONTEXT_STEP,
            device=self.device,
            storage_type=self.storage_type,
        )

    def require_context(self, longest_tokens: int) -> None:
        """Raise `CannotMeasureError` if the model cannot read that much."""
        if longest_tokens > self.context_tokens:
            raise CannotMeasureError(
                f"{self.name} reads at most {self.context_tokens} tokens and"
                f" {longest_tokens} are needed; ask for shorter prompts with --prompt-tokens"
            )


def load_subject(
    name: str, directory: Path, *, threads: int, device: str = "auto", storage_type: str = "auto"
) -> Subject:
    """Read what a benchmark needs to know of a model; the weights are left to the arms.

    Args:
        name: As the user named it.
        directory: A folder in hub layout.
        threads: For every arm; 0 means all physical cores.
        device: As in the engine's settings.
        storage_type: As in the engine's settings.

    Raises:
        ModelFileError: If the configuration cannot be read.
    """
    tokenization = Tokenization.load(directory)
    configuration = _configuration(directory)
    family = detect_family(tokenization, int(configuration.get("vocab_size", 0)))
    return Subject(
        name,
        directory,
        tokenization,
        Layout(family, tokenization),
        int(configuration.get("max_position_embeddings", _DEFAULT_CONTEXT_TOKENS)),
        threads or physical_cores(),
        device,
        storage_type,
    )


def physical_cores() -> int:
    """Return how many cores this process may use, two threads of one core counted once."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    fields = (line.split(":")[-1].strip() for line in text.splitlines() if _names_core(line))
    pairs = set(zip(fields, fields, strict=False))  # of a processor and its core
    return max(1, min(allowed or 1, len(pairs) or allowed or 1))


def _names_core(line: str) -> bool:
    return line.startswith(("physical id", "core id"))


def _configuration(directory: Path) -> dict[str, Any]:
    path = directory / "config.json"
    try:
        configuration: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} cannot be read as JSON ({error}); pull the model again."
        ) from error
    return configuration
