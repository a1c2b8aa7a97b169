"""Places in a text where a tokenizer never joins what stands left and right of them.

A pre-tokenizer cuts the text into words before any merge is looked at. Where it provably
cuts, whatever surrounds the place, the two sides can be tokenised apart with the same
result. Only patterns known to the letter are used; any other tokenizer gets no boundaries.

The patterns below ask for printable ASCII beside the newline. So no normalizer can compose
characters across the boundary, and no two opinions on what white space is can differ.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Patterns with empty matches at safe places."""

    piece: re.Pattern[str]
    paragraph: re.Pattern[str]  # those of them beside a blank line


_AFTER_NEWLINES = r"(?<=\n)(?=[ \t]*[!-~])"
_AFTER_BLANK = r"(?:(?<=\n\n)|(?<=\n\r\n))(?=[ \t]*[!-~])"
_BEFORE_NEWLINE = r"(?<=[!-~])(?=\r?\n)"
_BEFORE_BLANK = r"(?<=[!-~])(?=\r?\n\r?\n)"

AFTER_NEWLINES = Boundaries(re.compile(_AFTER_NEWLINES), re.compile(_AFTER_BLANK))
"""For words that end with all newlines of a run of white space (Qwen2, Llama 3), and for
newlines that are words of their own (DeepSeek-Coder)."""

BEFORE_NEWLINE = Boundaries(re.compile(_BEFORE_NEWLINE), re.compile(_BEFORE_BLANK))
"""For words that never hold white space after something else (GPT-2, StarCoder)."""

NOWHERE = Boundaries(re.compile(r"(?!)"), re.compile(r"(?!)"))
"""For all other tokenizers: text is tokenised whole."""

_NEWLINE_RUNS = tuple(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
    + digits
    + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for digits in (r"\p{N}", r"\p{N}{1,3}")
)
_SINGLE_NEWLINES = ("[\r\n]", r"[\r\n]")


def safe_boundaries(tokenizer: Tokenizer) -> Boundaries:
    """Return where text may be cut for `tokenizer`; `NOWHERE` if no place is known safe."""
    if tokenizer.pre_tokenizer is None or _matches_text_early(tokenizer):
        return NOWHERE
    if not _normalizes_each_character(tokenizer):
        return NOWHERE
    return _boundaries_of(_steps(json.loads(tokenizer.pre_tokenizer.__getstate__())))


def _boundaries_of(steps: list[dict[str, Any]]) -> Boundaries:
    splitting = [step for step in steps if step["type"] != "Digits"]
    if not splitting:
        return NOWHERE
    first, others = splitting[0], splitting[1:]
    if _is_gpt2(first) and not others:
        return BEFORE_NEWLINE
    if _regex(first) in _NEWLINE_RUNS and all(_is_plain_bytes(step) for step in others):
        return AFTER_NEWLINES
    if _regex(first) in _SINGLE_NEWLINES and steps[0] is first:
        return AFTER_NEWLINES
    return NOWHERE


def _matches_text_early(tokenizer: Tokenizer) -> bool:
    """Tell whether some added token is matched in text before words are cut."""
    return any(not token.special for token in tokenizer.get_added_tokens_decoder().values())


def _normalizes_each_character(tokenizer: Tokenizer) -> bool:
    if tokenizer.normalizer is None:
        return True
    state = json.loads(tokenizer.normalizer.__getstate__())
    return bool(state["type"] == "NFC")


def _steps(state: dict[str, Any]) -> list[dict[str, Any]]:
    if state["type"] == "Sequence":
        return list(state["pretokenizers"])
    return [state]


def _is_gpt2(step: dict[str, Any]) -> bool:
    return bool(step["type"] == "ByteLevel" and step["use_regex"])


def _is_plain_bytes(step: dict[str, Any]) -> bool:
    return bool(step["type"] == "ByteLevel" and not step["use_regex"])


def _regex(step: dict[str, Any]) -> str:
    if step["type"] != "Split" or step["behavior"] != "Isolated" or step["invert"]:
        return ""
    return str(step["pattern"].get("Regex", ""))
