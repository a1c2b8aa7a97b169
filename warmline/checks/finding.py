"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum

from warmline.checks.paths import without_home


class Verdict(StrEnum):
    """How it stands."""

    WORKS = "works"
    WARNING = "warning"  # suggestions come, but worse, slower or not for long
    BROKEN = "broken"  # no suggestions before this is mended


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was found, and what to do about it.

    `id` names the finding for scripts and bug reports, and stays the same over versions. Neither
    text has the name of the user's home directory in it.
    """

    id: str
    subject: str
    verdict: Verdict
    found: str
    advice: str = ""


def works(subject: str, found: str) -> Finding:
    """Return the finding that all is well with a subject."""
    name = f"{subject.lower().replace(' ', '-')}.works"
    return Finding(name, subject, Verdict.WORKS, without_home(found))
