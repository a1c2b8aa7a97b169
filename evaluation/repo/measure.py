"""One task after the other: every arm chooses, the model writes, and all of it is one record."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.answers import MAX_LINE_TOKENS, Answer, Extent, ask, losses
from evaluation.decoding.lines import LineReader
from evaluation.decoding.workbench import Held, Workbench
from evaluation.errors import CannotMeasureError
from evaluation.repo.arms import BM25, NONE, ORACLE, Choice, Chooser
from evaluation.repo.figures import has_same_names, is_same_text, text_similarity
from evaluation.repo.oracle import Chunks, candidates_of, consult
from evaluation.repo.pools import Pool, Pools
from evaluation.repo.prompts import RepoPrompter
from evaluation.repo.selection import FUNCTION_TOKENS
from evaluation.repo.task import FUNCTION, Task

_MOST_CONTEXT_SHARE = 0.95
"""Of what the model reads; the rest is for what it writes."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What came of one task.

    Attributes:
        key, kind, package, language, layout, is_copied: Of the task.
        num_lines, truth_tokens: Of its target.
        prompt_tokens: Of the longest prompt.
        pool_chunks: How many candidates there were.
        package_chunks: In all files of the package together.
        seconds: That measuring it took.
        arms: Figures by metric, by arm. The oracle is missing where it was not asked.
    """

    key: str
    kind: str
    package: str
    language: str
    layout: str
    is_copied: bool
    num_lines: int
    truth_tokens: int
    prompt_tokens: int
    pool_chunks: int
    package_chunks: int
    seconds: float
    arms: Mapping[str, Mapping[str, float]]


def read_record(fields: Mapping[str, Any]) -> TaskRecord:
    """Read a line of a journal."""
    return TaskRecord(**fields)


@dataclass(frozen=True, slots=True)
class OracleSettings:
    """When the oracle is asked, and about how much.

    Attributes:
        share: Of the tasks.
        num_candidates: Each costs a prompt.
        seed: Decides which tasks.
    """

    share: float
    num_candidates: int
    seed: int

    def is_due(self, task: Task) -> bool:
        """Tell whether a task is one of those; the same for both layouts."""
        place = task.key.split("/", 2)[-1]
        return random.Random(f"{self.seed} oracle {place}").random() < self.share  # noqa: S311


class RepoMeter:
    """Measures tasks on one model.

    Args:
        bench: Makes caches of it.
        prompter: Lays tasks out for it.
        reader: Reads what it writes.
        pools: What arms choose from.
        choosers: The arms; the first one is shown first.
        oracle: When to ask it; None leaves it out.
    """

    def __init__(
        self,
        bench: Workbench,
        prompter: RepoPrompter,
        reader: LineReader,
        pools: Pools,
        *,
        choosers: Mapping[str, Chooser],
        oracle: OracleSettings | None,
    ) -> None:
        self._bench = bench
        self._prompter = prompter
        self._reader = reader
        self._pools = pools
        self._choosers = choosers
        self._oracle = oracle

    def measure(self, task: Task) -> TaskRecord:
        """Let all arms choose, and the model write with each choice.

        Raises:
            CannotMeasureError: If the task does not fit the model.
        """
        started = time.perf_counter()
        pool, truth = self._pools.pool(task), self._prompter.truth(task)
        choices = {name: choose(pool) for name, choose in self._choosers.items()}
        readings = _Readings(task, truth, self._bench, self._prompter)
        shown = {name: self._prompter.fitted(each.chunks) for name, each in choices.items()}
        if self._oracle is not None and self._oracle.is_due(task):
            shown[ORACLE] = self._ask_oracle(pool, choices, readings)
            choices[ORACLE] = Choice(shown[ORACLE], 0.0)
        answers = self._write(shown, readings)
        return TaskRecord(
            key=task.key,
            kind=task.kind,
            package=task.package,
            language=task.language,
            layout=task.layout,
            is_copied=task.is_copied,
            num_lines=task.num_lines,
            truth_tokens=len(truth),
            prompt_tokens=readings.longest_tokens,
            pool_chunks=len(pool.candidates),
            package_chunks=pool.num_chunks,
            arms={
                name: {
                    **_likeness(answers[name], task, len(truth)),
                    "chunks": len(chunks),
                    "chunk_tokens": sum(map(self._prompter.num_tokens, chunks)),
                    "query_ms": choices[name].ms,
                }
                for name, chunks in shown.items()
            },
            seconds=round(time.perf_counter() - started, 3),
        )

    def _ask_oracle(
        self, pool: Pool, choices: Mapping[str, Choice], readings: "_Readings"
    ) -> Chunks:
        """Ask about what comes first in the pool, and what the arms that rank it put first."""
        assert self._oracle is not None  # noqa: S101  (only asked where there is one)
        ranked = [each.chunks for name, each in choices.items() if name not in (NONE, BM25)]
        orders = [pool.candidates, *ranked]
        candidates = candidates_of(orders, self._oracle.num_candidates)
        return consult(candidates, readings.loss, self._prompter.fitted).chunks

    def _write(self, shown: Mapping[str, Chunks], readings: "_Readings") -> dict[str, Answer]:
        """Let the model write after all prompts in common passes; equal ones are read once."""
        sets = list(dict.fromkeys(shown.values()))
        task = readings.task
        tokens = FUNCTION_TOKENS if task.kind == FUNCTION else MAX_LINE_TOKENS
        extent = Extent(task.num_lines, tokens)
        held = [readings.held(chunks) for chunks in sets]
        answers = ask(held, readings.truth, self._bench.parts, self._reader, extent)
        by_set = dict(zip(sets, answers, strict=True))
        return {name: by_set[chunks] for name, chunks in shown.items()}


class _Readings:
    """The prompts of one task, each read once."""

    def __init__(
        self, task: Task, truth: TokenArray, bench: Workbench, prompter: RepoPrompter
    ) -> None:
        self.task = task
        self.truth = truth
        self.longest_tokens = 0
        self._bench = bench
        self._prompter = prompter
        self._held: dict[Chunks, Held] = {}

    def held(self, chunks: Chunks) -> Held:
        """Return a cache that holds the prompt with these chunks."""
        if chunks not in self._held:
            prompt = self._prompter.prompt(self.task, chunks)
            self._require_context(prompt)
            self.longest_tokens = max(self.longest_tokens, len(prompt.tokens))
            self._held[chunks] = self._bench.read(prompt)
        return self._held[chunks]

    def loss(self, chunks: Chunks) -> float:
        """Return -log p of the truth with these chunks, in nats."""
        (loss,) = losses([self.held(chunks)], self.truth, self._bench.parts)
        return loss

    def _require_context(self, prompt: Prompt) -> None:
        context_tokens = self._bench.parts.decoder.configuration.context_tokens
        if len(prompt.tokens) > context_tokens * _MOST_CONTEXT_SHARE:
            raise CannotMeasureError(
                f"the task {self.task.key} has a prompt of {len(prompt.tokens)} tokens and the"
                f" model reads {context_tokens}; ask for fewer with --before-tokens"
            )


def _likeness(answer: Answer, task: Task, truth_tokens: int) -> dict[str, float]:
    return {
        "em": float(is_same_text(answer.line, task.target)),
        "es": text_similarity(answer.line, task.target),
        "identifier_em": float(has_same_names(answer.line, task.target, task.language)),
        "nll": answer.nll,
        "nll_per_token": answer.nll / truth_tokens,
    }
