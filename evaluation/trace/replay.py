"""Plays a recording through two caches: one that is never refreshed, one that is in pauses."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from completion.layout import Prompt
from engine.cache.base import DocumentCache, run_to_end
from engine.tokens import TokenArray
from engine.types import never_interrupt
from evaluation.bench.audience import Audience
from evaluation.bench.memory import process_memory
from evaluation.errors import UnexpectedResultError
from evaluation.journal import Journal
from evaluation.trace.document import TypedDocument
from evaluation.trace.model import TraceModel
from evaluation.trace.plan import TracePlan
from evaluation.trace.probe import Answer, answer_of, recomputed
from evaluation.trace.recording import Recording

NEVER_REFRESHED = "default"
REFRESHED_IN_PAUSES = "idle-refresh"
JUST_REFRESHED = "refreshed"
PROCESS = "process"
PART, SAMPLE = "part", "sample"

_MEGABYTE = 1e6
_TRANSACTIONS_PER_REPORT = 100


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """What was seen at one moment.

    Attributes:
        key: Unique.
        kind: `PART` for the end of one, `SAMPLE` for a comparison.
        arm: A cache, or `PROCESS`.
        num_played: How many transactions had been played.
        values: By metric.
        sync_ms: Of a part, how long each sync took.
    """

    key: str
    kind: str
    arm: str
    num_played: int
    values: Mapping[str, float]
    sync_ms: list[float] = field(default_factory=list)


class TracedCache:
    """One cache that follows the document, and what that takes."""

    def __init__(self, arm: str, cache: DocumentCache) -> None:
        self.arm = arm
        self.cache = cache
        self.num_edits = 0  # since it was exact
        self._sync_ms: list[float] = []
        self._encoded: list[int] = []

    def follow(self, prompt: Prompt, expected: TokenArray) -> None:
        """Sync to a prompt. Reading the first one from nothing is not counted.

        Raises:
            UnexpectedResultError: If the cache does not hold what a fresh tokenisation gives.
        """
        is_first = not len(self.cache.tokens)
        began_s = time.perf_counter()
        report = run_to_end(self.cache.sync(prompt.tokens, prompt.cursor, never_interrupt))
        took_ms = (time.perf_counter() - began_s) * 1000
        if not np.array_equal(self.cache.tokens, expected):
            raise UnexpectedResultError(_difference(self.arm, self.cache.tokens, expected))
        if not is_first:
            self.num_edits += 1
            self._sync_ms.append(took_ms)
            self._encoded.append(report.encoded)

    def refresh(self, budget_tokens: float) -> bool:
        """Refresh slice by slice while the budget lasts; returns whether it is exact now."""
        for num_tokens in self.cache.refresh(never_interrupt):
            budget_tokens -= num_tokens
            if budget_tokens <= 0:
                break
        is_exact = self.cache.exact_prefix == len(self.cache.tokens)
        if is_exact:
            self.num_edits = 0
        return is_exact

    def take_part(self, num_played: int) -> TraceRecord:
        """Return what happened since the last time."""
        values = {
            "prompt_length": float(len(self.cache.tokens)),
            "cache_mb": self.cache.num_bytes / _MEGABYTE,
            "encoded_tokens": float(np.median(self._encoded or [0])),
        }
        key = f"{PART}-{num_played}-{self.arm}"
        record = TraceRecord(key, PART, self.arm, num_played, values, self._sync_ms)
        self._sync_ms, self._encoded = [], []
        return record


class Replay:
    """One run over a recording.

    Args:
        recording: What is played.
        model: Whose caches follow.
        plan: How much of it, and where to look.
        journal: Keeps what was seen; what is there already is not looked at again.
        audience: Hears how far it is.
    """

    def __init__(
        self,
        recording: Recording,
        model: TraceModel,
        plan: TracePlan,
        journal: Journal[TraceRecord],
        audience: Audience,
    ) -> None:
        self._recording = recording
        self._model = model
        self._plan = plan
        self._journal = journal
        self._audience = audience
        self._document = TypedDocument(
            recording.name, recording.start_text, model, plan.prompt_tokens
        )
        self._plain = TracedCache(NEVER_REFRESHED, model.model.new_cache())
        self._rested = TracedCache(REFRESHED_IN_PAUSES, model.model.new_cache())

    def run(self) -> None:
        """Play all transactions of the plan.

        Raises:
            UnexpectedResultError: If text, tokens and cache ever drift apart.
        """
        num_transactions = self._plan.num_transactions
        self._audience.expect(num_transactions // _TRANSACTIONS_PER_REPORT)
        for number, transaction in enumerate(self._recording.transactions[:num_transactions], 1):
            self._document.apply(transaction)
            prompt = self._document.prompt()
            expected = self._document.tokenised_afresh()
            for traced in (self._plain, self._rested):
                traced.follow(prompt, expected)
            self._pause(number, prompt)
            if number in self._plan.part_ends:
                self._end_part(number)
            if number % _TRANSACTIONS_PER_REPORT == 0:
                self._audience.finish()
        self._require_end()

    def _pause(self, number: int, prompt: Prompt) -> None:
        """Look, where a look is planned, and let the second cache use the time."""
        is_sample = number in self._plan.samples and not self._has_sample(number)
        truth = recomputed(self._model, prompt) if is_sample else None
        if truth is not None:
            for traced in (self._plain, self._rested):
                self._compare(number, traced.arm, traced, prompt, truth)
        budget_tokens = self._plan.refresh_tokens.get(number, 0.0)
        is_exact = budget_tokens > 0 and self._rested.refresh(budget_tokens)
        if truth is not None and is_exact:
            self._compare(number, JUST_REFRESHED, self._rested, prompt, truth)

    def _has_sample(self, number: int) -> bool:
        return _sample_key(number, REFRESHED_IN_PAUSES) in self._journal

    def _compare(
        self, number: int, arm: str, traced: TracedCache, prompt: Prompt, truth: Answer
    ) -> None:
        answer = answer_of(self._model, traced.cache, prompt)
        values = {
            "kl": answer.divergence_from(truth),
            "agree": float(answer.tokens == truth.tokens),
            "edits_since_exact": float(traced.num_edits),
        }
        self._journal.add(TraceRecord(_sample_key(number, arm), SAMPLE, arm, number, values))

    def _end_part(self, number: int) -> None:
        records = [traced.take_part(number) for traced in (self._plain, self._rested)]
        resident_mb = process_memory(None).steady_mb
        if resident_mb is not None:
            key = f"{PART}-{number}-{PROCESS}"
            records.append(TraceRecord(key, PART, PROCESS, number, {"rss_mb": resident_mb}))
        for record in records:
            if record.key not in self._journal:
                self._journal.add(record)
        self._audience.begin(f"{number:,} of {self._plan.num_transactions:,} transactions")

    def _require_end(self) -> None:
        is_whole = self._plan.num_transactions == len(self._recording.transactions)
        if is_whole and self._document.text != self._recording.end_text:
            raise UnexpectedResultError(
                f"after all transactions of {self._recording.name} the text is not the one that"
                " the recording ends with; one of them was applied wrongly"
            )


def _sample_key(number: int, arm: str) -> str:
    return f"{SAMPLE}-{number}-{arm}"


def _difference(arm: str, held: TokenArray, expected: TokenArray) -> str:
    length = min(len(held), len(expected))
    different = np.flatnonzero(held[:length] != expected[:length])
    place = int(different[0]) if len(different) else length
    return (
        f"the cache {arm!r} holds {len(held)} tokens and a fresh tokenisation gives"
        f" {len(expected)}, different from index {place} on; they should be the same"
    )
