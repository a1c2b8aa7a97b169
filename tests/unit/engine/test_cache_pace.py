"""How much is mended at which pace."""

import numpy as np
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
from engine.cache.repair import NO_REPAIR, Situation, WindowRepair
from tests.unit.engine.test_cache_policies import (
    Document,
    chosen_rows,
    exchanged,
    inserted_near_front,
    with_gap,
)

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


def situations() -> dict[str, Situation]:
    """One for each way in which rows become stale."""
    tokens = np.arange(10, 1010, dtype=np.int32)
    typed = np.insert(tokens, 300, [5, 6]).astype(np.int32)
    moved = Document(with_gap(tokens, 200)).take(with_gap(tokens, 700), 700)
    return {
        "typing": Document(with_gap(tokens, 300)).take(with_gap(typed, 302), 302),
        "move": moved,
        "edit": inserted_near_front(cursor=500),
        "exchange": exchanged(inserted_near_front(cursor=500)),
    }


@pytest.mark.parametrize("share", [0.15, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("kind", ["typing", "move", "edit", "exchange"])
def test_a_smaller_default_mends_so_much_less(kind: str, share: float) -> None:
    """Rounding down loses less than a token of each of five windows."""
    situation = situations()[kind]
    whole = len(chosen_rows(DEFAULT_REPAIR, situation))
    part = len(chosen_rows(DEFAULT_REPAIR.scaled(share), situation))
    assert share * whole - 5 <= part <= share * whole + 1


def test_a_scaled_window_keeps_its_place() -> None:
    situation = inserted_near_front(cursor=500)
    windows = WindowRepair(head_tokens=40, all_heads_tokens=40, cursor_tokens=20, end_tokens=10)
    assert chosen_rows(windows.scaled(0.1), situation) == [25, 26, 27, 28, 498, 499, 1004]
    assert NO_REPAIR.scaled(0.5) == NO_REPAIR
    assert DEFAULT_REPAIR.scaled(1) == DEFAULT_REPAIR


def test_a_smaller_default_asks_about_fewer_rows() -> None:
    """Asking costs a pass over them, which a slow machine has no time for either."""
    for part in (DEFAULT_REPAIR.after_typing, DEFAULT_REPAIR.after_moves):
        assert part.scaled(0.25).asked_tokens == part.asked_tokens // 4 > 0
