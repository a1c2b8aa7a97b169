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
    """How a peer is calibrated.

    Attributes:
        read_tokens: How much each candidate reads.
        written_tokens: How much it writes after that.
        tries_all: Measure every candidate; else those without flash attention only with the
            weights that were best with it.
    """

    read_tokens: int
    written_tokens: int
    tries_all: bool


QUICK = Effort(read_tokens=256, written_tokens=16, tries_all=False)
THOROUGH = Effort(read_tokens=4096, written_tokens=48, tries_all=True)


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
    tasks = [_task(candidate, prompt, effort) for candidate in candidates]
    plain = [task for task in tasks if not task.contestant.options.flash_attention]
    others = [task for task in tasks if task not in plain]
    await runner.run(others)
    if not effort.tries_all:
        favourites = {pick.options.gguf for pick in best(journal, others).values()}
        plain = [task for task in plain if task.contestant.options.gguf in favourites]
    await runner.run(plain)
    return best(journal, [*others, *plain])


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
