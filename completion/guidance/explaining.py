"""What monitors say about a cursor, for people."""

import asyncio
from dataclasses import dataclass

from monitors.types import Answer, Site, SiteKind, Watch

_LATE = "no answer in time"


@dataclass(frozen=True, slots=True)
class ExplainedName:
    """A name that begins at the cursor, or is written up to there.

    Attributes:
        kind: What it is to be.
        receiver: What it is asked of.
        typed: What is written of it.
        names: What may stand there, sorted, those with underscores last; none at all where
            nothing is forbidden.
        analyser: Who says so.
        took_ms: From the question to the answer.
        reason: Why nothing is forbidden.
    """

    kind: SiteKind
    receiver: str
    typed: str
    names: tuple[str, ...]
    analyser: str
    took_ms: float
    reason: str


async def explain_name(watch: Watch, cursor: int, timeout_s: float) -> ExplainedName | None:
    """Ask what may stand at the cursor of a watch; None where no name is to be judged."""
    sites = [each for each in watch.sites("") if each.start + len(each.name) == cursor]
    if not sites:
        return None
    return _explained(sites[-1], await _answer(watch, sites[-1], timeout_s))


async def _answer(watch: Watch, site: Site, timeout_s: float) -> Answer:
    try:
        async with asyncio.timeout(timeout_s):
            return await watch.ask(site, "")
    except TimeoutError:
        return Answer(site, frozenset(), reason=_LATE)


def _explained(site: Site, answer: Answer) -> ExplainedName:
    return ExplainedName(
        kind=site.kind,
        receiver=site.receiver,
        typed=site.name,
        names=tuple(sorted(answer.texts, key=lambda name: (name.startswith("_"), name))),
        analyser=answer.analyser,
        took_ms=answer.took_ms,
        reason=answer.reason,
    )
