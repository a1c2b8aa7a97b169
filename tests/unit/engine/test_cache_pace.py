"""How much is mended at which pace."""

import pytest

from engine.cache.default_repair import DEFAULT_REPAIR
from engine.cache.pace import (
    FEWEST_TOKENS,
    REMEMBERED_PASSES,
    SMALLEST_SHARE,
    Pace,
    PacedRepair,
)
from engine.cache.policies import BUDGET_TOKENS
from tests.unit.engine.test_cache_policies import chosen_rows, inserted_near_front

LIMIT_MS = 320.0
WHOLE_MS = LIMIT_MS / BUDGET_TOKENS
"""For a token, where the whole repair just fits."""


def at_pace(*token_ms: float) -> PacedRepair:
    pace = Pace()
    for ms in token_ms:
        pace.took(100, 100 * ms)
    return PacedRepair(DEFAULT_REPAIR, pace, LIMIT_MS)


@pytest.mark.parametrize(
    ("token_ms", "share"),
    [
        ((), 1),
        ((WHOLE_MS / 9,), 1),
        ((WHOLE_MS,), 1),
        ((2 * WHOLE_MS,), 0.5),
        ((4 * WHOLE_MS,), 0.25),
        ((1000 * WHOLE_MS,), SMALLEST_SHARE),
        ((WHOLE_MS, 4 * WHOLE_MS, 2 * WHOLE_MS), 0.5),
    ],
)
def test_a_slow_machine_mends_less(token_ms: tuple[float, ...], share: float) -> None:
    situation = inserted_near_front(cursor=500)
    expected = chosen_rows(DEFAULT_REPAIR.scaled(share), situation)
    assert chosen_rows(at_pace(*token_ms), situation) == expected


def test_short_passes_tell_no_pace() -> None:
    pace = Pace()
    pace.took(FEWEST_TOKENS - 1, 9000)
    assert pace.token_ms is None
    pace.took(FEWEST_TOKENS, 2.0 * FEWEST_TOKENS)
    assert pace.token_ms == 2


def test_a_pace_of_long_ago_is_forgotten() -> None:
    pace = Pace()
    for ms in (50.0, 3.0):
        for _ in range(REMEMBERED_PASSES):
            pace.took(100, 100 * ms)
    assert pace.token_ms == 3
