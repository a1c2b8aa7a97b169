"""One run of `warmline eval trace`.

Kinds of rows: `trace` for all of it, `until@N` for the part that ends with transaction N. Arms:
`default` is a cache that was never refreshed, `idle-refresh` one that was in every pause, as far
as the pause was long enough, `refreshed` the latter just after a refresh that reached the end.

- `sync_ms`, `sync_p95_ms`, `sync_p99_ms`, `sync_p100_ms`: the cache update after a transaction.
- `encoded_tokens`: median of what one encoded.
- `kl`: of the next token at a pause, against a full recompute of the same prompt, in nats.
- `agree`: how often the greedy completion is that of a full recompute.
- `edits_since_exact`: transactions since the cache was last exact.
- `kl_trend`: rank correlation of `kl` and the number of transactions so far.
- `rss_mb` of the process, `cache_mb` of one cache, and `prompt_length`; `rss_mb_growth` and
  `cache_mb_growth` from the end of the first part to that of the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.bench.audience import Audience
from evaluation.journal import Journal
from evaluation.report import Parameter, Report, this_machine
from evaluation.trace.model import TraceModel
from evaluation.trace.plan import PAUSE_S, REFRESH_TOKENS_PER_S, TracePlan
from evaluation.trace.recording import Recording
from evaluation.trace.replay import Replay, TraceRecord
from evaluation.trace.summary import WHOLE, rows_of

JOURNAL_NAME = "measurements.jsonl"


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What the caller chooses beside the plan.

    Attributes:
        version: Of Warmline.
        seed: Of tiny weights and of resampling.
        threads: As the model uses them, for the report.
        folder: Where results and unfinished work are kept; None keeps them nowhere.
    """

    version: str
    seed: int
    threads: int
    folder: Path | None


def run_trace(
    recording: Recording,
    model: TraceModel,
    plan: TracePlan,
    options: TraceOptions,
    audience: Audience,
) -> Report:
    """Play a recording and return what it showed.

    A run that was stopped goes on in the same folder: the way there is played again, because
    caches are what edits have made them, but nothing is compared again.

    Raises:
        OtherConditionsError: If the folder holds results of other conditions.
        UnexpectedResultError: If text, tokens and cache ever drift apart.
    """
    conditions = _conditions(recording, model, plan, options)
    file = options.folder / JOURNAL_NAME if options.folder else None
    journal = Journal(file, conditions, lambda line: TraceRecord(**line))
    Replay(recording, model, plan, journal, audience).run()
    params: dict[str, Parameter] = {
        "transactions": plan.num_transactions,
        "prompt_tokens": plan.prompt_tokens,
        "threads": options.threads,
        "warm_up": "none, and the first prompt is not counted",
    }
    return Report(
        command="eval trace",
        version=options.version,
        machine=this_machine(),
        model=model.model.description.name,
        seed=options.seed,
        rows=rows_of(journal.records, options.seed, params),
        notes=_notes(recording, plan),
    )


def on_the_whole(report: Report) -> Report:
    """Return the report without the rows of single parts."""
    return replace(report, rows=tuple(row for row in report.rows if row.kind == WHOLE))


def _conditions(
    recording: Recording, model: TraceModel, plan: TracePlan, options: TraceOptions
) -> Mapping[str, Parameter]:
    description = model.model.description
    return {
        "command": "eval trace",
        "version": options.version,
        "recording": recording.name,
        "transactions": plan.num_transactions,
        "samples": len(plan.samples),
        "prompt tokens": plan.prompt_tokens,
        "model": description.name,
        "storage type": description.storage_type,
        "device": description.device,
        "seed": options.seed,
    }


def _notes(recording: Recording, plan: TracePlan) -> tuple[str, ...]:
    held = (
        f"After each of the {plan.num_transactions:,} transactions of {recording.name}, both caches"
        " held the tokens that a fresh tokenisation of the prompt gives."
    )
    pauses = (
        f"There are {len(plan.refresh_tokens):,} pauses of {PAUSE_S:g} s and more; a refresh"
        f" encodes {REFRESH_TOKENS_PER_S:g} tokens a second in them."
    )
    intervals = (
        "A share is a mean and a trend a rank correlation; these and percentiles have 95 %"
        " intervals in brackets."
    )
    return held, pauses, intervals
