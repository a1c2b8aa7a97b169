"""Other prompts for the same edit: ways to tell the model of it without mending the cache."""

from collections.abc import Iterator
from difflib import SequenceMatcher

import numpy as np

from completion.languages import comment_mark
from evaluation.bench.scenarios import Prompt, left_to_right
from evaluation.fidelity.case import FILL_IN, PREFIX, Case
from evaluation.fidelity.cases.code_file import indentation_of
from evaluation.fidelity.prompts import Prompter

MOST_RESTATED_LINES = 8
"""About as many tokens as repair may encode."""
_INTRODUCTION = "Edited above:"


def after_middle(case: Case, prompter: Prompter) -> Prompt | None:
    """Put what was typed behind the marker for the middle; all before it stays as it was.

    None where something other than typing at the cursor happened.

    Source:
        EFIM, arXiv 2505.21889.
    """
    first, last = case.states[0], case.states[-1]
    typed = last.text[first.cursor : last.cursor]
    is_typed = first.text[: first.cursor] + typed + first.text[first.cursor :] == last.text
    if case.layout != FILL_IN or not typed or not is_typed:
        return None
    before = prompter.prompts(case)[0]
    tokens = np.concatenate([before.tokens, prompter.encode(typed)])
    return Prompt(tokens, len(tokens), last.text[: last.cursor])


def restated(case: Case, prompter: Prompter) -> Prompt | None:
    """Repeat edited lines as a comment before the line of the cursor, indented as the code there.

    None where no line came in, or where there is text after the cursor.
    """
    last = case.states[-1]
    lines = list(_new_lines(case))[-MOST_RESTATED_LINES:]
    if case.layout != PREFIX or not lines:
        return None
    start = last.text.rfind("\n", 0, last.cursor) + 1
    mark = comment_mark(case.language)
    before = [line for line in last.text[:start].splitlines() if line.strip()]
    indentation = indentation_of(before[-1]) if before else ""
    comment = "".join(f"{indentation}{mark} {line.strip()}\n" for line in (_INTRODUCTION, *lines))
    text = last.text[:start] + comment + last.text[start : last.cursor]
    return left_to_right(text, prompter.tokenization)


def _new_lines(case: Case) -> Iterator[str]:
    """Yield the lines before the cursor that were not there at first, but for empty ones."""
    old, new = (
        state.text[: state.cursor].splitlines() for state in (case.states[0], case.states[-1])
    )
    for _, _, _, start, stop in _changes(old, new):
        yield from (line for line in new[start:stop] if line.strip())


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return (each for each in opcodes if each[0] != "equal")
