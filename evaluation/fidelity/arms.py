"""Ways to answer after an edit. One table: what is measured is what stands in `ARMS`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial

import torch
from torch import Tensor

from engine.cache.alignment import Run
from engine.cache.arena import Arena
from engine.cache.chunks import ChunkStore
from engine.cache.default_repair import DEFAULT_REPAIR
from engine.cache.live import MakeArena
from engine.cache.policies import POLICIES
from engine.cache.repair import NO_REPAIR, RepairPolicy, WindowRepair
from engine.model.rotary import rotate, turns_to
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.workbench import Held, Workbench
from evaluation.fidelity.case import Case
from evaluation.fidelity.prompts import Prompter
from evaluation.fidelity.variants import after_middle, restated


@dataclass(frozen=True, slots=True)
class Edit:
    """A case as the arms see it.

    Attributes:
        case: What happened.
        prompts: Of each of its states.
        before: The first one, read from nothing. Arms copy it and leave it as it is.
        prompter: Lays cases out for the model.
        store: Chunks that were met before; arms copy it and leave it as it is.
        followed: Caches that went through every state, by policy; kept for arms that go on
            from there, which copy them.
    """

    case: Case
    prompts: tuple[Prompt, ...]
    before: Held
    prompter: Prompter
    store: ChunkStore = field(default_factory=partial(ChunkStore, 0))
    followed: dict[RepairPolicy, Held] = field(default_factory=dict)


Variant = Callable[[Case, Prompter], Prompt | None]
"""Returns another prompt for a case; None where it does not apply."""

Arm = Callable[[Workbench, Edit], Held | None]
"""Returns a cache that may be asked for the next line; None where the arm has no answer."""


class StaleArena(Arena):
    """Moves rows and leaves their keys turned to where they were."""

    def move(self, runs: Sequence[Run]) -> None:
        """Put the runs' rows where they belong now, keys as they are."""
        if not runs:
            return
        device = self.keys.device
        sources = torch.cat(
            [torch.arange(run.length, device=device) + run.old_start for run in runs]
        )
        targets = torch.cat(
            [torch.arange(run.length, device=device) + run.new_start for run in runs]
        )
        for block in (self.keys, self.unrotated, self.values):
            block[:, :, targets] = block[:, :, sources]

    def place(self, start: int, unrotated: Tensor, values: Tensor) -> None:
        """Put rows from elsewhere at `start`, keys turned as if they stood at the front."""
        super().place(start, unrotated, values)
        num_rows = unrotated.shape[2]
        turns = turns_to(torch.arange(num_rows, device=self.keys.device), self._tables)
        for layer, table in enumerate(self._tables):
            turned = rotate(unrotated[layer], turns[id(table)])
            self.keys[layer, :, start : start + num_rows] = turned


def full(bench: Workbench, edit: Edit) -> Held:
    """Read the last prompt from nothing."""
    return bench.read_like(edit.before, edit.prompts[-1])


def floor(bench: Workbench, edit: Edit) -> Held:
    """Do the same with other rounding."""
    return bench.read_otherwise(edit.prompts[-1])


def ignore(_: Workbench, edit: Edit) -> Held:
    """Never hear of the edit."""
    return Held(edit.before.cache, edit.before.logits, 0, 0.0)


def mend(policy: RepairPolicy, make_arena: MakeArena, bench: Workbench, edit: Edit) -> Held:
    """Go from the first prompt to the last one at once, mending as the policy says."""
    cache = edit.before.cache.copy_under(policy, make_arena, edit.store.copy())
    return bench.change(cache, edit.prompts[-1:])


def follow(policy: RepairPolicy, bench: Workbench, edit: Edit) -> Held:
    """Go through every state in turn, mending each time."""
    if policy not in edit.followed:
        cache = edit.before.cache.copy_under(policy)
        edit.followed[policy] = bench.change(cache, edit.prompts[1:])
    return edit.followed[policy]


def refresh(policy: RepairPolicy, bench: Workbench, edit: Edit) -> Held:
    """Do the same, then refresh to the end."""
    return bench.refresh(follow(policy, bench, edit).cache.copy())


def tell(variant: Variant, bench: Workbench, edit: Edit) -> Held | None:
    """Mend nothing, and let another prompt tell of the edit."""
    prompt = variant(edit.case, edit.prompter)
    if prompt is None:
        return None
    return bench.change(edit.before.cache.copy_under(NO_REPAIR), [prompt])


REFERENCE = "full"

ARMS: Mapping[str, Arm] = {
    REFERENCE: full,
    "floor": floor,
    "ignore": ignore,
    "stale": partial(mend, NO_REPAIR, StaleArena),
    "rotate": partial(mend, NO_REPAIR, Arena),
    **{name: partial(mend, policy, Arena) for name, policy in POLICIES.items()},
    "restate": partial(tell, restated),
    "after-middle": partial(tell, after_middle),
    "windows": partial(follow, WindowRepair()),
    "default": partial(follow, DEFAULT_REPAIR),
    "default-80": partial(follow, DEFAULT_REPAIR.scaled(0.5)),
    "default-40": partial(follow, DEFAULT_REPAIR.scaled(0.25)),
    "default-24": partial(follow, DEFAULT_REPAIR.scaled(0.15)),
    "refreshed": partial(refresh, DEFAULT_REPAIR),
}


def describe(part: object) -> str:
    """Write an arm or a policy with all its parameters, the same in every process."""
    if isinstance(part, partial):
        return f"{describe(part.func)}({', '.join(describe(each) for each in part.args)})"
    if is_dataclass(part) and not isinstance(part, type):
        values = (f"{each.name}={describe(getattr(part, each.name))}" for each in fields(part))
        return f"{type(part).__name__}({', '.join(values)})"
    return str(getattr(part, "__name__", repr(part)))
