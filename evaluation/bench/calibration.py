"""Which weights, and flash attention or not, are best for a peer on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.bench.journal import Journal
from evaluation.bench.plan import Contestant, Task, Values
from evaluation.bench.process import ArmProcess
from evaluation.bench.runner import Runner
from evaluation.bench.scenarios import Prompt

KIND = "calibration"
PREFILL, DECODE = "prefill_tok_s", "decode_tok_s"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a candidate reads and writes to be judged."""

    read_tokens: int
    written_tokens: int


QUICK = Effort(read_tokens=256, written_tokens=16)
THOROUGH = Effort(read_tokens=4096, written_tokens=48)


async def calibrate(
    runner: Runner, candidates: Sequence[Contestant], prompt: Prompt, written_tokens: int
) -> list[Task]:
    """Measure all candidates, one after the other; return the tasks, for `best`."""

    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        read_ms = await arm.read(prompt, timeout_s)
        writing = await arm.write(prompt, written_tokens, timeout_s)
        return {PREFILL: len(prompt.tokens) / read_ms * 1000, DECODE: writing.tokens_per_s}

    params = {"prompt_tokens": len(prompt.tokens), "written_tokens": written_tokens}
    tasks = [Task(KIND, candidate, 0, measure, params) for candidate in candidates]
    await runner.run(tasks)
    return tasks


def best(journal: Journal, tasks: Sequence[Task], metric: str) -> Contestant | None:
    """Return the candidate with the highest speed; None if none could be measured."""
    measured = [task for task in tasks if task.key in journal]
    if not measured:
        return None
    return max(measured, key=lambda task: journal[task.key].values[metric]).contestant
