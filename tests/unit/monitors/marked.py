"""Texts with a mark where the cursor stands, and sites as one line each."""

from collections.abc import Sequence
from pathlib import Path

from monitors.guard import DocumentWatch, Guard
from monitors.types import Site, Source
from tests.unit.monitors.fakes import FakeAnalyser

CURSOR = "¦"


def watch_at(language: str, marked: str, analyser: FakeAnalyser | None = None) -> DocumentWatch:
    """Watch the place of the mark, which is taken out."""
    before, _, after = marked.partition(CURSOR)
    source = Source(Path("/project/file"), language, before + after)
    watch = Guard(analyser or FakeAnalyser()).watch(source, len(before))
    assert watch is not None
    return watch


def sites_at(language: str, marked: str, written: str) -> list[str]:
    return shown(watch_at(language, marked).sites(written))


def shown(sites: Sequence[Site]) -> list[str]:
    """Write sites as `kind receiver>name`, with dots behind a name that may go on.

    A question mark stands for one that is only asked about ahead of time.
    """
    return [f"{site.kind} {site.receiver}>{site.name}{_state(site)}" for site in sites]


def _state(site: Site) -> str:
    if site.is_ahead:
        return "?"
    return "" if site.is_ended else "..."
