"""One run of a benchmark: journal, arms, calibration, report."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.weights.progress import ProgressReport
from evaluation.bench.audience import Audience
from evaluation.bench.calibration import THOROUGH, Effort, calibrate
from evaluation.bench.contestants import llama_candidates
from evaluation.bench.journal import Journal
from evaluation.bench.peer_weights import MADE_TYPES, WeightFile, as_type, find_source
from evaluation.bench.peers import LLAMA_ARMS, installed_version, peer_notes, present_arms
from evaluation.bench.plan import Contestant
from evaluation.bench.runner import (
    WARM_UP,
    WARM_UP_READ_TOKENS,
    Deadline,
    Runner,
    thread_note,
)
from evaluation.bench.scenarios import Prompt, cut_to, left_to_right
from evaluation.bench.sources import standard_library
from evaluation.bench.subject import Subject
from evaluation.bench.summary import rows_of
from evaluation.errors import CannotMeasureError
from evaluation.report import Parameter, Report, this_machine

JOURNAL_NAME = "measurements.jsonl"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What all benchmarks let the caller choose.

    Attributes:
        command: For the report, such as `bench edits`.
        version: Of Warmline.
        seed: Decides about everything that is random.
        budget_s: When to stop beginning anything; None never stops.
        effort: Of the calibration.
        gguf: Weights of the peers; None finds them.
        offline: Forbid downloads.
        folder: Where results and unfinished work are kept; None keeps them nowhere.
    """

    command: str
    version: str
    seed: int = 0
    budget_s: float | None = None
    effort: Effort = THOROUGH
    gguf: Path | None = None
    offline: bool = False
    folder: Path | None = None


class Run:
    """What a benchmark needs to measure; to be had from `open_run`."""

    def __init__(
        self,
        subject: Subject,
        options: RunOptions,
        runner: Runner,
        journal: Journal,
        audience: Audience,
    ) -> None:
        self.subject = subject
        self.runner = runner
        self._options = options
        self._journal = journal
        self._audience = audience
        self._notes = [thread_note()]

    @property
    def seed(self) -> int:
        """Decides about everything that is random."""
        return self._options.seed

    @property
    def is_quick(self) -> bool:
        """Whether there are only minutes."""
        return self._options.budget_s is not None

    def note(self, sentence: str) -> None:
        """Say something in the report that no row can say."""
        self._notes.append(sentence)

    def present(self, arms: Sequence[str]) -> tuple[str, ...]:
        """Return the arms that can run here; note which others cannot."""
        self._notes += peer_notes(arms)
        return present_arms(arms)

    def llama_files(self, arms: Sequence[str]) -> list[WeightFile]:
        """Return the weights for llama.cpp in all types; none if no arm needs them.

        What cannot be had is noted.
        """
        if not set(arms) & set(LLAMA_ARMS):
            return []
        try:
            return self._find_files()
        except (CannotMeasureError, ModelError) as error:
            self.note(f"llama.cpp is not measured: {error}")
            return []

    async def best_of(
        self, arm: str, files: Sequence[WeightFile], longest_tokens: int
    ) -> dict[str, Contestant]:
        """Return an arm of llama.cpp as it is best set up, by metric of the calibration."""
        effort = self._options.effort
        candidates = llama_candidates(self.subject, arm, files, longest_tokens)
        prompt = self._prompt(min(effort.read_tokens, longest_tokens - effort.written_tokens))
        return await calibrate(self.runner, self._journal, candidates, prompt, effort)

    def report(self) -> Report:
        """Return everything measured so far."""
        options, subject = self._options, self.subject
        common: dict[str, Parameter] = {"threads": subject.threads, "warm_up": WARM_UP}
        return Report(
            command=options.command,
            version=options.version,
            machine=this_machine(),
            model=subject.name,
            seed=options.seed,
            rows=rows_of(self._journal.records, common),
            notes=tuple(dict.fromkeys((*self._notes, *self.runner.notes))),
        )

    def _find_files(self) -> list[WeightFile]:
        model = str(self._options.gguf or self.subject.name)
        source = find_source(
            model, self.subject.directory, self._show, offline=self._options.offline
        )
        if installed_version("llamacpp") is None:
            self.note(f"Only {source.type} is measured: llama-cpp-python would make the others.")
            return [source]
        made = [as_type(source, name, self._show) for name in MADE_TYPES]
        return list(dict.fromkeys([source, *made]))

    def _show(self, report: ProgressReport) -> None:
        self._audience.begin(report.message)

    def _prompt(self, num_tokens: int) -> Prompt:
        tokenization = self.subject.tokenization
        text = cut_to(standard_library(first=-1).text, num_tokens, tokenization)
        return left_to_right(text, tokenization)


@asynccontextmanager
async def open_run(subject: Subject, options: RunOptions, audience: Audience) -> AsyncIterator[Run]:
    """Open the journal, and end all arms when the context ends.

    Raises:
        OtherConditionsError: If the folder holds results of other conditions.
    """
    journal = Journal(
        options.folder / JOURNAL_NAME if options.folder else None, _conditions(subject, options)
    )
    warm_up = cut_to(standard_library(first=-1).text, WARM_UP_READ_TOKENS, subject.tokenization)
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as logs:
        runner = Runner(
            journal,
            logs=_made(options.folder / "logs") if options.folder else Path(logs),
            audience=audience,
            deadline=Deadline(options.budget_s),
            warm_up=left_to_right(warm_up, subject.tokenization),
        )
        async with runner:
            yield Run(subject, options, runner, journal, audience)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _conditions(subject: Subject, options: RunOptions) -> Mapping[str, Parameter]:
    machine = this_machine()
    return {
        "command": options.command,
        "version": options.version,
        "model": subject.name,
        "seed": options.seed,
        "threads": subject.threads,
        "device": subject.device,
        "storage type": subject.storage_type,
        "processor": machine.processor,
        "environment": str(sorted(machine.environment.items())),
    }
