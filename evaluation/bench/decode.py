"""`warmline bench decode`: reading a prompt from nothing, and writing after it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from evaluation.bench.calibration import DECODE
from evaluation.bench.contestants import simple_contestant, weight_forms
from evaluation.bench.peers import LLAMA_ARMS
from evaluation.bench.plan import Contestant, Group, Task, Values, interleaved
from evaluation.bench.process import ArmProcess
from evaluation.bench.run import Run
from evaluation.bench.scenarios import Prompt, cut_exactly
from evaluation.bench.sources import standard_library
from evaluation.errors import CannotMeasureError

ARMS = ("warmline", "transformers", "llamacpp", "llama-server")
"""The other ways to use the engine read and write as it does."""

QUICK_ARMS = ("warmline", "llamacpp")
"""Those measured with long prompts where there are only minutes."""

DECODE_KINDS = ("prefill@2048", "prefill@7600", "decode@2048", "decode@7600")

REPEATS, QUICK_REPEATS = 5, 3
WRITTEN_TOKENS = 64
_FEWEST_TOKENS = 8  # of a text that ended early and still says something about speed


def full_groups(kinds: Sequence[str], arms: tuple[str, ...], repeats: int) -> list[Group]:
    """Return a group for each size that `kinds` name, such as 2048 of `decode@2048`."""
    sizes = sorted({size_of(kind) for kind in kinds})
    return [
        Group(arms, tuple(kind for kind in kinds if size_of(kind) == size), size, repeats)
        for size in sizes
    ]


def quick_groups(kinds: Sequence[str], arms: tuple[str, ...], repeats: int) -> list[Group]:
    """Return the same, but only `QUICK_ARMS` for all sizes beyond the smallest."""
    smallest, *larger = full_groups(kinds, arms, repeats)
    few = tuple(arm for arm in arms if arm in QUICK_ARMS)
    return [smallest, *(replace(group, arms=few) for group in larger)]


def size_of(kind: str) -> int:
    """Return the tokens of a kind's prompts.

    Raises:
        CannotMeasureError: If it is no kind of this benchmark.
    """
    found = re.fullmatch(r"(?:prefill|decode)@([1-9]\d*)", kind)
    if found is None:
        raise CannotMeasureError(
            f"{kind} is no kind of measurement here; name kinds such as {', '.join(DECODE_KINDS)}"
        )
    return int(found[1])


async def measure_decode(run: Run, groups: Sequence[Group]) -> None:
    """Measure all groups; arms that are not installed are left out."""
    run.subject.require_context(max(group.prompt_tokens for group in groups) + WRITTEN_TOKENS)
    arms = run.present(tuple(dict.fromkeys(arm for group in groups for arm in group.arms)))
    longest = {
        arm: max(each.prompt_tokens for each in groups if arm in each.arms) + WRITTEN_TOKENS
        for arm in arms
    }
    contestants = await _contestants(run, longest)
    tasks = [list(_tasks(run, group, contestants)) for group in groups]
    await run.runner.run(list(interleaved(tasks)), measures_memory=True)


async def _contestants(run: Run, longest: Mapping[str, int]) -> list[Contestant]:
    """Return all arms, set up for their longest prompts.

    Those of llama.cpp come as they write best with the weights that were downloaded, as they
    read best, and as they write best; often that is less than three ways.
    """
    simple = [arm for arm in longest if arm not in LLAMA_ARMS]
    contestants = [simple_contestant(run.subject, arm, longest[arm]) for arm in simple]
    if "warmline" in longest and not run.is_quick:
        contestants += weight_forms(run.subject, longest["warmline"])
    files = run.llama_files(tuple(longest))
    for arm in (arm for arm in longest if arm in LLAMA_ARMS and files):
        best = await run.best_of(arm, files, longest[arm])
        as_downloaded = await run.best_of(arm, files[:1], longest[arm])
        chosen = [each for metric, each in as_downloaded.items() if metric == DECODE]
        contestants += {each.label: each for each in [*chosen, *best.values()]}.values()
    return contestants


def _tasks(run: Run, group: Group, contestants: Sequence[Contestant]) -> Iterator[Task]:
    """Yield, for each repeat and contestant, reading a text and then writing after it."""
    taking_part = [each for each in contestants if each.arm in group.arms]
    for repeat in range(group.repeats):
        source = standard_library(first=repeat + run.seed)
        prompt = cut_exactly(source.text, group.prompt_tokens, run.subject.tokenization)
        title = source.title(len(prompt.before))
        run.note(f"Prompts of {group.prompt_tokens} tokens, repeat {repeat + 1}: from {title}.")
        for contestant, kind in product(taking_part, sorted(group.kinds, reverse=True)):
            if kind.startswith("prefill"):
                if "decode_weights" in contestant.params:
                    continue  # they read as Warmline does
                yield _read_task(kind, prompt, contestant, repeat)
                continue
            for drafts in _drafting(contestant):
                yield _write_task(kind, prompt, contestant, repeat, drafts=drafts)


def _drafting(contestant: Contestant) -> tuple[bool, ...]:
    return (False, True) if contestant.arm == "warmline" else (False,)


def _read_task(kind: str, prompt: Prompt, contestant: Contestant, repeat: int) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        elapsed_ms = await arm.read(prompt, timeout_s)
        return {"tok_s": len(prompt.tokens) / elapsed_ms * 1000}

    return Task(kind, contestant, repeat, measure, {"prompt_tokens": len(prompt.tokens)})


def _write_task(
    kind: str, prompt: Prompt, contestant: Contestant, repeat: int, *, drafts: bool
) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        writing = await arm.write(prompt, WRITTEN_TOKENS, timeout_s, drafts=drafts)
        is_long_enough = writing.num_tokens >= _FEWEST_TOKENS
        return {"tok_s": writing.tokens_per_s} if is_long_enough else {}

    conditions = {"prompt_tokens": len(prompt.tokens), "most_written_tokens": WRITTEN_TOKENS}
    extras = {"drafts": drafts} if contestant.arm == "warmline" else {}
    return Task(kind, contestant, repeat, measure, conditions, extras)
