"""One case after the other: every arm answers, and what came of it is one record."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.cache.chunks import ChunkStore
from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.answers import Answer, ask
from evaluation.decoding.lines import LineReader, edit_similarity, is_same_line
from evaluation.decoding.workbench import Held, Workbench
from evaluation.errors import CannotMeasureError
from evaluation.fidelity.arms import REFERENCE, Arm, Edit
from evaluation.fidelity.case import Case
from evaluation.fidelity.prompts import Prompter

MOST_PROMPT_SHARE = 0.95
"""Of the model's context; the rest is for the line."""
_PLENTY_BYTES = 2**40


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What came of one case.

    Attributes:
        key, kind, package, language, layout: Of the case.
        asked_tokens: About how long its prompt was to be.
        prompt_tokens: How long its last prompt is.
        truth_tokens: How long its true line is.
        num_states: Of the case.
        seconds: That measuring it took.
        arms: Figures by metric, by arm. An arm that had no answer is missing.
    """

    key: str
    kind: str
    package: str
    language: str
    layout: str
    asked_tokens: int
    prompt_tokens: int
    truth_tokens: int
    num_states: int
    seconds: float
    arms: Mapping[str, Mapping[str, float]]


def read_record(fields: Mapping[str, Any]) -> CaseRecord:
    """Read a line of a journal."""
    return CaseRecord(**fields)


class Meter:
    """Measures cases on one model.

    Args:
        bench: Makes caches of it.
        prompter: Lays cases out for it.
        reader: Reads what it writes.
        arms: Ways to answer, `REFERENCE` among them.
    """

    def __init__(
        self, bench: Workbench, prompter: Prompter, reader: LineReader, arms: Mapping[str, Arm]
    ) -> None:
        others = {name: arm for name, arm in arms.items() if name != REFERENCE}
        self._arms = {REFERENCE: arms[REFERENCE], **others}
        self._bench = bench
        self._prompter = prompter
        self._reader = reader

    def measure(self, case: Case) -> CaseRecord:
        """Let all arms answer after a case.

        Raises:
            CannotMeasureError: If the case does not fit the model.
        """
        started = time.perf_counter()
        prompts = self._prompter.prompts(case)
        truth = self._prompter.truth(case)
        self._require_context(case, max(len(prompt.tokens) for prompt in prompts))
        held = self._hold(self._edit(case, prompts))
        answers = ask(list(held.values()), truth, self._bench.parts, self._reader)
        return CaseRecord(
            key=case.key,
            kind=case.kind,
            package=case.package,
            language=case.language,
            layout=case.layout,
            asked_tokens=case.prompt_tokens,
            prompt_tokens=len(prompts[-1].tokens),
            truth_tokens=len(truth),
            num_states=len(case.states),
            arms=_figures(case, truth, held, answers),
            seconds=round(time.perf_counter() - started, 3),
        )

    def _edit(self, case: Case, prompts: tuple[Prompt, ...]) -> Edit:
        store = ChunkStore(_PLENTY_BYTES)
        before = self._bench.read(prompts[0], store=store)
        if case.are_chunks_met:
            self._bench.meet(prompts[-1], store)
        return Edit(case, prompts, before, self._prompter, store)

    def _hold(self, edit: Edit) -> dict[str, Held]:
        """Let each arm make its cache, the reference first."""
        held = {name: arm(self._bench, edit) for name, arm in self._arms.items()}
        return {name: each for name, each in held.items() if each is not None}

    def _require_context(self, case: Case, longest_tokens: int) -> None:
        context_tokens = self._bench.parts.decoder.configuration.context_tokens
        if longest_tokens > context_tokens * MOST_PROMPT_SHARE:
            raise CannotMeasureError(
                f"the case {case.key} has a prompt of {longest_tokens} tokens and the model reads"
                f" {context_tokens}; ask for shorter prompts with --prompt-tokens"
            )


def _figures(
    case: Case, truth: TokenArray, held: Mapping[str, Held], answers: list[Answer]
) -> dict[str, dict[str, float]]:
    reference = answers[0].line
    return {
        name: {
            "em": float(is_same_line(answer.line, case.target)),
            "es": edit_similarity(answer.line, case.target),
            "agree": float(answer.line == reference),
            "kl": answer.divergence,
            "nll": answer.nll,
            "nll_per_token": answer.nll / len(truth),
            "encoded_tokens": held[name].encoded_tokens,
            "ms": held[name].ms,
        }
        for name, answer in zip(held, answers, strict=True)
    }
