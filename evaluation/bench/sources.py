"""Real code that every machine has: the standard library of the Python that runs this."""

import platform
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from evaluation.errors import UnexpectedResultError

MODULES = (
    "argparse",
    "tarfile",
    "subprocess",
    "inspect",
    "configparser",
    "smtplib",
    "shutil",
    "optparse",
    "traceback",
    "ipaddress",
)
"""Large modules of plain code that Python has had for long; those that are missing are left out."""

_SHORTEST_LINE, _LONGEST_LINE = 24, 80


@dataclass(frozen=True, slots=True)
class SourceText:
    """Several files read as one, beginning with one of them and going round."""

    text: str
    files: Mapping[str, int]  # where each begins in the text

    def title(self, num_characters: int) -> str:
        """Say, for a report, which code the first `num_characters` are."""
        names = [name for name, start in self.files.items() if start < num_characters]
        return f"{', '.join(names)} of Python {platform.python_version()}"


def standard_library(first: int = 0) -> SourceText:
    """Return the code of all `MODULES`, beginning with the one at index `first`.

    Raises:
        UnexpectedResultError: If this Python came without its source files.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    found = [path for name in MODULES if (path := folder / f"{name}.py").is_file()]
    if not found:
        raise UnexpectedResultError(
            f"the Python in {folder} has none of the source files that are measured with"
            f" ({MODULES[0]}.py and others); use one that was installed with its standard library"
        )
    start = first % len(found)
    ordered = found[start:] + found[:start]
    texts = [path.read_text(encoding="utf-8") for path in ordered]
    starts = accumulate((len(text) for text in texts), initial=0)
    files = dict(zip((path.name for path in ordered), starts, strict=False))
    return SourceText("".join(texts), files)


def single_lines(text: str) -> Sequence[str]:
    """Return lines of code, without their indentation, that could stand on their own."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if _is_plain(line)]


def _is_plain(line: str) -> bool:
    is_of_usual_length = _SHORTEST_LINE <= len(line) <= _LONGEST_LINE
    return is_of_usual_length and line[0].isalpha() and line[-1] in ")]" and "=" in line
