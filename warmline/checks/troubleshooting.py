"""The page of all problems, made from their descriptions.

`python -m warmline.checks.troubleshooting` prints `docs/troubleshooting.md`.
"""

import re
from collections.abc import Iterable

from warmline.checks.problems import Description, Problem

_INTRODUCTION = """\
# What `warmline doctor` says, and what to do

`warmline doctor` looks at everything that suggestions need, changes nothing, and names one step
for each thing that is amiss. `✗` means no suggestions before it is mended (then the exit code is
1), `!` that they come, but worse, slower or not for long.

```
warmline doctor                              # with the settings that count without an editor
warmline doctor --settings settings.json     # with an editor's settings, such as VS Code's
warmline doctor --model NAME --offline       # as if these were set
warmline doctor --start                      # start the engine and load the model as well
warmline doctor --json                       # for scripts: each finding has an `id`, as below
```

What it prints can be attached to a bug report: it holds no text of your files, and your home
directory is written as `~`.

This page is generated: `python -m warmline.checks.troubleshooting > docs/troubleshooting.md`.
"""

_MARKS = {"broken": "✗", "warning": "!"}
_NAMES = ("torch", "bfloat16")  # written as they are
_BLANK = re.compile(r"\{(\w+)\}")
_MEANT = "{meant}"  # a guess that is not always there


def markdown() -> str:
    """Return the text of `docs/troubleshooting.md`."""
    descriptions = [problem.value for problem in Problem]
    subjects = dict.fromkeys(description.subject for description in descriptions)
    return _INTRODUCTION + "".join(
        _section(subject, (each for each in descriptions if each.subject == subject))
        for subject in subjects
    )


def _section(subject: str, descriptions: Iterable[Description]) -> str:
    heading = subject if subject in _NAMES else subject[0].upper() + subject[1:]
    rows = "\n".join(_row(description) for description in descriptions)
    return f"\n## {heading}\n\n| id | | what it means | what to do |\n|---|---|---|---|\n{rows}\n"


def _row(description: Description) -> str:
    step = _BLANK.sub(lambda blank: blank[1].upper(), description.step.replace(_MEANT, ""))
    mark = _MARKS[description.verdict]
    return f"| `{description.id}` | {mark} | {description.meaning} | {step} |"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
