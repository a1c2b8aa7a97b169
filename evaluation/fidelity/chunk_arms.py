"""Ways to answer after the pieces of other files in front of a document have changed."""

from collections.abc import Mapping
from functools import partial

from engine.cache.arena import Arena
from engine.cache.default_repair import DEFAULT_REPAIR
from engine.cache.policies import (
    ShareRepair,
    attention,
    chunk_heads,
    chunk_heads_then_tail,
    deviation,
    influence,
    tail,
)
from engine.cache.repair import NO_REPAIR, RepairPolicy, WindowRepair
from evaluation.decoding.workbench import Held, Workbench
from evaluation.fidelity.arms import (
    REFERENCE,
    Arm,
    Edit,
    StaleArena,
    floor,
    full,
    ignore,
    mend,
)

HEAD_TOKENS = 32
"""EPIC encodes at most so many first tokens of each chunk afresh."""
SHARE = 0.15
"""Of the prompt. CacheBlend encodes about so much afresh."""


def refresh(policy: RepairPolicy, bench: Workbench, edit: Edit) -> Held:
    """Mend as the policy says, then refresh to the end."""
    return bench.refresh(mend(policy, Arena, bench, edit).cache)


CHUNK_ARMS: Mapping[str, Arm] = {
    REFERENCE: full,
    "floor": floor,
    "ignore": ignore,
    "stale": partial(mend, NO_REPAIR, StaleArena),
    "rotate": partial(mend, NO_REPAIR, Arena),
    "windows": partial(mend, WindowRepair(), Arena),
    "head-per-chunk": partial(mend, ShareRepair(partial(chunk_heads, HEAD_TOKENS), 1.0), Arena),
    "deviation": partial(mend, ShareRepair(deviation, SHARE), Arena),
    "attention": partial(mend, ShareRepair(attention, SHARE), Arena),
    "influence": partial(mend, ShareRepair(partial(influence, 64), SHARE), Arena),
    "tail": partial(mend, ShareRepair(tail, SHARE), Arena),
    "heads-tail": partial(mend, ShareRepair(partial(chunk_heads_then_tail, 16), SHARE), Arena),
    "default": partial(mend, DEFAULT_REPAIR, Arena),
    "refreshed": partial(refresh, DEFAULT_REPAIR),
}
