"""Settings as an editor keeps them, read from a file that the caller names."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lsp_server.settings import SECTION, Settings, read_settings, section_of
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem
from warmline.errors import UsageError

# A text, which stays as it is, or else a comment, or a comma that nothing follows.
_TEXT_OR_NOTHING = re.compile(
    r"""("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])""", re.DOTALL
)


def read_editor_settings(file: Path) -> tuple[Settings, tuple[str, ...]]:
    """Read what an editor would send from a file of settings, such as VS Code's settings.json.

    Comments are left out, and so is all that is other programs' in a file of many sections.

    Returns:
        The settings, and a sentence for each value that is not taken.

    Raises:
        UsageError: If the file cannot be read or is no JSON object.
    """
    try:
        text = file.expanduser().read_text(encoding="utf-8")
        content = json.loads(_TEXT_OR_NOTHING.sub(lambda match: match[1] or "", text))
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"No settings can be read from {file} ({error}); name a JSON file, such as VS Code's"
            " settings.json."
        ) from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} holds no JSON object, and settings are one.")
    return read_settings(section_of(_own(content)))


def check_settings(problems: Sequence[str], *, is_given: bool) -> Iterator[Finding]:
    """Turn what was not taken into findings."""
    for problem in problems:
        yield Problem.SETTING_IGNORED.finding(problem)
    if is_given and not problems:
        yield works("settings", "all are known and have values that can be")


def _own(content: dict[str, Any]) -> dict[str, Any]:
    """Return what is Warmline's in a file of many sections; all of it where it has none."""
    own = {name: value for name, value in content.items() if name.startswith(f"{SECTION}.")}
    return own or content
