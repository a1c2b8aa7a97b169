"""How fast the model reads here, and how much may be mended at once at that pace."""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from engine.cache.ledger import Flags
from engine.cache.policies import BUDGET_TOKENS
from engine.cache.repair import RepairPolicy, Situation

FEWEST_TOKENS = 64
"""Of a pass that tells the pace: the time of a shorter one is mostly that of any pass."""
REMEMBERED_PASSES = 9
"""Enough for a median that a few disturbed passes do not move."""
SMALLEST_SHARE = 0.15
"""However slow the machine is: 24 tokens, about what a pass costs for a single one."""


class Pace:
    """What passes of one model took lately. Used by the thread that works on the model."""

    def __init__(self) -> None:
        self._token_ms: deque[float] = deque(maxlen=REMEMBERED_PASSES)

    def took(self, num_tokens: int, ms: float) -> None:
        """Remember one pass."""
        if num_tokens >= FEWEST_TOKENS:
            self._token_ms.append(ms / num_tokens)

    @property
    def token_ms(self) -> float | None:
        """Milliseconds for one more token in a pass; None before the first long pass."""
        return median(self._token_ms) if self._token_ms else None


class ScalablePolicy(RepairPolicy, Protocol):
    """A policy that can be had smaller."""

    def scaled(self, share: float) -> RepairPolicy:
        """Return one that encodes so much of what this one does."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PacedRepair:
    """Mends as a policy says, or less of it where that would take too long here.

    Attributes:
        policy: What is done on a machine that is fast enough. Takes at most 160 tokens.
        pace: Of the model that will encode them.
        limit_ms: For these 160 tokens.
    """

    policy: ScalablePolicy
    pace: Pace
    limit_ms: float

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        share = self._share()
        policy = self.policy if share == 1 else self.policy.scaled(share)
        return policy.select(situation)

    def _share(self) -> float:
        token_ms = self.pace.token_ms
        if token_ms is None or token_ms * BUDGET_TOKENS <= self.limit_ms:
            return 1
        return max(SMALLEST_SHARE, self.limit_ms / (token_ms * BUDGET_TOKENS))
