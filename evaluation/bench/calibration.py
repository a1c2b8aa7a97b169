"""Which weights, and flash attention or not, are best for a peer on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.bench.journal import Journal
from evaluation.bench.plan import Contestant, Task, Values
from evaluation.bench.process import ArmProcess
from evaluation.bench.runner import Deadline, Runner
from evaluation.bench.scenarios import Prompt

KIND = "calibration"
PREFILL, DECODE = "prefill_tok_s", "decode_tok_s"


@dataclass(frozen=True, slots=True)
class Effort:
    """How a peer is calibrated.

    Attributes:
        read_tokens: How much each candidate reads.
        written_tokens: How much it writes after that.
        budget_s: When to begin no other candidate; None tries them all. Where there is one,
            flash attention is tried off only with the weights that were best with it.
    """

    read_tokens: int
    written_tokens: int
    budget_s: float | None


QUICK = Effort(read_tokens=256, written_tokens=16, budget_s=25.0)
THOROUGH = Effort(read_tokens=4096, written_tokens=48, budget_s=None)


async def calibrate(
    runner: Runner,
    journal: Journal,
    candidates: Sequence[Contestant],
    prompt: Prompt,
    effort: Effort,
) -> dict[str, Contestant]:
    """Return the best candidate by metric, measured one after the other.

    Empty if none could be measured.
    """
    deadline = Deadline(effort.budget_s)

    async def measure(tasks: Sequence[Task]) -> None:
        for task in tasks:
            if not deadline.has_passed:
                await runner.run([task])

    tasks = [_task(candidate, prompt, effort) for candidate in candidates]
    flash = [task for task in tasks if task.contestant.options.flash_attention]
    plain = [task for task in tasks if task not in flash]
    await measure(flash)
    if effort.budget_s is not None:
        favourites = {pick.options.gguf for pick in best(journal, flash).values()}
        plain = [task for task in plain if task.contestant.options.gguf in favourites]
    await measure(plain)
    return best(journal, tasks)


def best(journal: Journal, tasks: Sequence[Task]) -> dict[str, Contestant]:
    """Return, by metric, the candidate with the highest speed of those measured."""
    measured = [task for task in tasks if task.key in journal]
    if not measured:
        return {}
    return {
        metric: max(measured, key=lambda task: journal[task.key].values[metric]).contestant
        for metric in (PREFILL, DECODE)
    }


def _task(candidate: Contestant, prompt: Prompt, effort: Effort) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        read_ms = await arm.read(prompt, timeout_s)
        writing = await arm.write(prompt, effort.written_tokens, timeout_s)
        return {PREFILL: len(prompt.tokens) / read_ms * 1000, DECODE: writing.tokens_per_s}

    conditions = {"prompt_tokens": len(prompt.tokens), "written_tokens": effort.written_tokens}
    return Task(KIND, candidate, 0, measure, conditions)
