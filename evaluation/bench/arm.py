"""The contract of whoever is measured, inside a process of its own."""

from typing import Protocol

from evaluation.bench.messages import LineTiming, Writing
from evaluation.bench.scenarios import Prompt


class Arm(Protocol):
    """One way to complete code, with a model in memory. Used by one thread.

    All tokens are chosen greedily.
    """

    def hold(self, prompt: Prompt) -> None:
        """Get into the state that a user would be in who has `prompt` before the next edit."""
        ...

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        """Take over `prompt` and suggest the rest of its line, at most `max_tokens`."""
        ...

    def read(self, prompt: Prompt) -> float:
        """Read `prompt` with nothing to reuse; return the milliseconds it took."""
        ...

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool) -> Writing:
        """Write about `max_tokens` after `prompt`, which is read before the clock starts.

        `drafts` allows to guess several tokens and check them at once, where the arm can.
        """
        ...

    def cache_bytes(self) -> int | None:
        """Return the size of keys and values; None if that cannot be known."""
        ...

    def close(self) -> None:
        """End whatever still runs."""
        ...
