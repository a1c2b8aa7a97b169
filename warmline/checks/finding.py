"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands."""

    WORKS = "works"
    WARNING = "warning"  # suggestions come, but worse, slower or not for long
    BROKEN = "broken"  # no suggestions before this is mended


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was found, and what to do about it."""

    subject: str
    verdict: Verdict
    found: str
    advice: str = ""
