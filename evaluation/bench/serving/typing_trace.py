"""Somebody types: real text, key by key, at a person's uneven pace."""

import random
import re
from dataclasses import dataclass

_KEYS = re.compile(r"\n[ \t]*|.", re.DOTALL)  # an editor indents the new line by itself
_NEW_LINE, _NEW_WORD, _IN_WORD = 5.0, 2.0, 1.0
"""How long a pause is in front of a key, against one in a word."""
_UNEVENNESS = 0.4


@dataclass(frozen=True, slots=True)
class Keystroke:
    """What one key puts into the text, and how long it came after the one before."""

    text: str
    pause_s: float


def typing_trace(
    text: str, characters_per_s: float, generator: random.Random
) -> tuple[Keystroke, ...]:
    """Return `text` as keys, which take `len(text) / characters_per_s` seconds together."""
    keys = _KEYS.findall(text)
    before = ["", *keys]
    efforts = [
        _effort(last, key) * generator.lognormvariate(0.0, _UNEVENNESS)
        for last, key in zip(before, keys, strict=False)
    ]
    second_per_effort = len(text) / characters_per_s / sum(efforts) if keys else 0.0
    return tuple(
        Keystroke(key, effort * second_per_effort)
        for key, effort in zip(keys, efforts, strict=True)
    )


def _effort(last: str, key: str) -> float:
    if last.startswith("\n") or not last:
        return _NEW_LINE
    is_new_word = key.isidentifier() and not last.isidentifier()
    return _NEW_WORD if is_new_word else _IN_WORD
