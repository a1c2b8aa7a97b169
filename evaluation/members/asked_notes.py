"""What was asked in vain, for those who build analysers and monitors."""

from collections import Counter
from collections.abc import Iterator, Sequence

from evaluation.members.asking import AskedRecord

_MOST_REASONS, _MOST_MISSES = 4, 8


def notes_of(records: Sequence[AskedRecord]) -> Iterator[str]:
    """Yield sentences about why nothing was known, and which true names were missing."""
    for arm in records[0].arms if records else ():
        yield from _reasons(arm, records)
        yield from _misses(arm, records)


def _reasons(arm: str, records: Sequence[AskedRecord]) -> Iterator[str]:
    for kind in dict.fromkeys(record.kind for record in records):
        counts = Counter(
            record.reasons[arm] or "no reason given"
            for record in records
            if record.kind == kind and not record.arms[arm]["answered"]
        )
        if counts:
            told = ", ".join(f"{reason} ({n})" for reason, n in counts.most_common(_MOST_REASONS))
            yield f"No answer at {counts.total()} sites of {kind} by {arm}: {told}."


def _misses(arm: str, records: Sequence[AskedRecord]) -> Iterator[str]:
    missed = [record for record in records if record.arms[arm]["missed"]]
    if missed:
        shown = "; ".join(f"{each.name} at {each.key}" for each in missed[:_MOST_MISSES])
        rest = f"; {len(missed) - _MOST_MISSES} more" if len(missed) > _MOST_MISSES else ""
        yield f"Not among the names of {arm}: {shown}{rest}."
