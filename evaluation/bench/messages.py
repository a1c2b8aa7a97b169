"""What the benchmark and its arms say to each other: one JSON object a line.

A request is `{"do": name, ...}`. Its answer is the result as an object, or `{"error": sentence}`.
An arm answers one request after the other, so whatever it measures it does alone.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from engine.protocol.messages import TokenRange
from evaluation.bench.scenarios import Prompt


@dataclass(frozen=True, slots=True)
class ArmOptions:
    """How an arm is set up.

    Attributes:
        arm: Its name, as in the results.
        model: The folder of weights, for arms that run on torch; its tokenizer for all.
        gguf: The file of weights, for llama.cpp.
        threads: For all work of the model.
        context_tokens: The longest prompt with what is written after it.
        device, storage_type, decode_weights: As in the engine's settings.
        flash_attention: Of llama.cpp; None leaves its default.
        batch_tokens: llama-server's `-b` and `-ub`; None leaves its defaults.
        reuse_tokens: llama-server's `--cache-reuse`.
    """

    arm: str
    model: Path
    gguf: Path | None = None
    threads: int = 1
    context_tokens: int = 2048
    device: str = "auto"
    storage_type: str = "auto"
    decode_weights: str = "auto"
    flash_attention: bool | None = None
    batch_tokens: int | None = None
    reuse_tokens: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return them as plain data."""
        return asdict(self) | {
            "model": str(self.model),
            "gguf": str(self.gguf) if self.gguf else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        gguf = Path(data["gguf"]) if data["gguf"] else None
        return cls(**data | {"model": Path(data["model"]), "gguf": gguf})


@dataclass(frozen=True, slots=True)
class LineTiming:
    """What followed an edit, in milliseconds since the new prompt was handed over.

    Attributes:
        update_ms: Until the cache held the new prompt, repair included.
        first_token_ms: Until the first token was known.
        line_ms: Until the end of the suggested first line.
        line_tokens: How many tokens that line has, its end included.
    """

    update_ms: float
    first_token_ms: float
    line_ms: float
    line_tokens: int


@dataclass(frozen=True, slots=True)
class Writing:
    """Text written after a prompt that was read before the clock started.

    The first token is known from reading, so the clock runs from it to the last.
    """

    num_tokens: int  # after the first
    elapsed_ms: float
    tokens: tuple[int, ...]  # the first included; empty where the arm does not tell

    @property
    def tokens_per_s(self) -> float:
        """The speed."""
        return self.num_tokens / self.elapsed_ms * 1000


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of the arm's process, in MB of a million bytes; None where the system tells none.

    Attributes:
        steady_mb: Resident now, mapped files included.
        anonymous_mb: Of that, what is not a mapped file.
        peak_mb: The most that was ever resident.
        cache_mb: Keys and values, where the arm knows.
    """

    steady_mb: float | None
    anonymous_mb: float | None
    peak_mb: float | None
    cache_mb: float | None = None

    def by_state(self) -> dict[str, float]:
        """Return the known sizes of the process."""
        sizes = {
            "steady": self.steady_mb,
            "steady without mapped files": self.anonymous_mb,
            "peak": self.peak_mb,
        }
        return {state: size for state, size in sizes.items() if size is not None}


def prompt_to_json(prompt: Prompt) -> dict[str, Any]:
    """Return a prompt as plain data."""
    return {
        "tokens": prompt.tokens.tolist(),
        "cursor": prompt.cursor,
        "before": prompt.before,
        "after": prompt.after,
        "chunks": [[place.start, place.stop] for place in prompt.chunks],
    }


def prompt_from_json(data: dict[str, Any]) -> Prompt:
    """Read what `prompt_to_json` wrote."""
    return Prompt(
        np.array(data["tokens"], np.int32),
        data["cursor"],
        data["before"],
        data["after"],
        tuple(TokenRange(*place) for place in data["chunks"]),
    )


def is_same_prompt(left: Prompt | None, right: Prompt) -> bool:
    """Tell whether two prompts hold the same tokens."""
    return left is not None and np.array_equal(left.tokens, right.tokens)


def line_timing(
    started_s: float, updated_s: float, first_s: float, last_s: float, num_tokens: int
) -> LineTiming:
    """Return the timing of a line from readings of one clock."""
    return LineTiming(
        update_ms=(updated_s - started_s) * 1000,
        first_token_ms=(first_s - started_s) * 1000,
        line_ms=(last_s - started_s) * 1000,
        line_tokens=num_tokens,
    )
