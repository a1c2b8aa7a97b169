"""`warmline bench edits --growth`: how everything grows with the length of the prompt."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from evaluation.bench.contestants import simple_contestant
from evaluation.bench.edits import LINE_TOKENS
from evaluation.bench.plan import Contestant, Task, Values
from evaluation.bench.process import ArmProcess
from evaluation.bench.run import Run
from evaluation.bench.scenarios import Step, cut_in_line, cut_to, left_to_right_history
from evaluation.bench.sources import single_lines, standard_library
from evaluation.report import Parameter

ARMS = ("warmline", "full")
SIZES = (1000, 2000, 4000, 8000, 16_000, 32_000)
QUICK_SIZES = SIZES[:4]
REPEATS = 5
KIND = "insert@10"

_LARGEST_FULL_TOKENS = 8000  # beyond, a full recompute takes minutes
_WRITTEN_TOKENS = 48
_ROOM_TOKENS = 512  # for what is inserted and written
_DRAFTING = (False, True)


async def measure_growth(
    run: Run, sizes: Sequence[int], repeats: int = REPEATS, arms: Sequence[str] = ARMS
) -> None:
    """Measure an inserted line, decoding, and the memory of the cache, from short to long."""
    fitting = [size for size in sizes if size + _ROOM_TOKENS <= run.subject.context_tokens]
    if len(fitting) < len(sizes):
        run.note(f"{run.subject.name} reads at most {run.subject.context_tokens} tokens.")
    run.subject.require_context(min(sizes) + _ROOM_TOKENS)
    longest = max(fitting) + _ROOM_TOKENS
    contestants = [simple_contestant(run.subject, arm, longest) for arm in arms if arm in ARMS]
    await run.runner.run(
        [task for size in fitting for task in _tasks(run, size, repeats, contestants)]
    )


def _tasks(run: Run, size: int, repeats: int, contestants: Sequence[Contestant]) -> Iterator[Task]:
    tokenization, source = run.subject.tokenization, standard_library()
    text = cut_to(source.text, size, tokenization)
    run.note(f"Prompts of {size} tokens: from {source.title(len(text))}.")
    steps = left_to_right_history(
        cut_in_line(text),
        new_lines=single_lines(standard_library(first=1).text),
        kinds=[KIND],
        repeats=repeats,
        seed=run.seed,
        tokenization=tokenization,
    )
    for step in steps:
        for contestant in contestants:
            if contestant.arm == "warmline" or size <= _LARGEST_FULL_TOKENS:
                yield _follow_task(step, contestant, size)
            if contestant.arm == "warmline":
                yield from (
                    _write_task(step, contestant, size, drafts=drafts) for drafts in _DRAFTING
                )


def _follow_task(step: Step, contestant: Contestant, size: int) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        timing = await arm.follow(step.before, step.after, LINE_TOKENS, timeout_s)
        cache_mb = (await arm.memory()).cache_mb
        return asdict(timing) | ({"cache_mb": cache_mb} if cache_mb is not None else {})

    conditions: dict[str, Parameter] = {"prompt_tokens": size, "layout": "left to right"}
    return Task(KIND, contestant, step.repeat, measure, conditions)


def _write_task(step: Step, contestant: Contestant, size: int, *, drafts: bool) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        writing = await arm.write(step.after, _WRITTEN_TOKENS, timeout_s, drafts=drafts)
        return {"tok_s": writing.tokens_per_s} if writing.num_tokens else {}

    conditions = {"prompt_tokens": size, "most_written_tokens": _WRITTEN_TOKENS}
    extras = {"drafts": drafts}
    return Task(f"decode@{size}", contestant, step.repeat, measure, conditions, extras)
