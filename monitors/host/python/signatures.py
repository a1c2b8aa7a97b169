"""Parameters of a call, read from the label of a signature that ty shows."""

import re
from collections.abc import Sequence
from typing import Any

from ..analysers import Call

_NAME = re.compile(r"(\*{0,2})\s*([^\W\d]\w*)")


def read_call(answer: dict[str, Any] | None, analyser: str) -> Call | None:
    """Return what a call takes, all its overloads together; None if one of them is not known.

    Args:
        answer: To `textDocument/signatureHelp`.
        analyser: Who says so.
    """
    signatures = (answer or {}).get("signatures") or ()
    calls = [_read_signature(signature) for signature in signatures]
    known = [call for call in calls if call is not None]
    if not known or len(known) < len(calls):
        return None
    counts = [call.most_positional for call in known]
    limits = [count for count in counts if count is not None]
    return Call(
        frozenset().union(*(call.keywords for call in known)),
        any(call.takes_any_keyword for call in known),
        max(limits) if len(limits) == len(counts) else None,
        analyser,
    )


def _read_signature(signature: dict[str, Any]) -> Call | None:
    label: str = signature["label"]
    if "(...)" in label and not signature.get("parameters"):
        return None
    return _read_parameters(label, [each["label"] for each in signature.get("parameters") or ()])


def _read_parameters(label: str, parameters: Sequence[str]) -> Call | None:
    """Read parameters and the markers `/` and `*`, which stand between them in the label."""
    keywords: set[str] = set()
    takes_any_keyword = is_keyword_only = False
    positional: int | None = 0
    at = 0
    for parameter in parameters:
        found = _NAME.match(parameter)
        start = label.find(parameter, at)
        if found is None or start < 0:
            return None
        between, at = label[at:start], start + len(parameter)
        if "/" in between:
            keywords.clear()
        is_keyword_only = is_keyword_only or "*" in between
        stars, name = found.groups()
        if stars == "**":
            takes_any_keyword = True
        elif stars == "*":
            positional, is_keyword_only = None, True
        else:
            keywords.add(name)
            if positional is not None and not is_keyword_only:
                positional += 1
    if "/" in label[at : at + 3]:
        keywords.clear()
    return Call(frozenset(keywords), takes_any_keyword, positional)
