"""What a call takes, out of a server's signature help. Nothing here asks anything."""

import re
from typing import Any

from .analysers import Call

_IS_REST = re.compile(r"^\.\.\.|\.\.\.\s*\w*$")
"""`...rest: string[]`, `String... rest`, `Args &&...args`, `...`; no `f: (...x) => void`."""


def read_call(answer: Any, analyser: str) -> Call | None:
    """Return what the most generous of the offered signatures takes; None if there is none."""
    signatures = (answer or {}).get("signatures") or ()
    if not signatures:
        return None
    parameters = [_parameters(signature) for signature in signatures]
    is_unlimited = any(_IS_REST.search(label) for labels in parameters for label in labels)
    most = None if is_unlimited else max(len(labels) for labels in parameters)
    return Call(frozenset(), takes_any_keyword=False, most_positional=most, analyser=analyser)


def _parameters(signature: dict[str, Any]) -> list[str]:
    return [
        _label(signature["label"], parameter["label"])
        for parameter in signature.get("parameters") or ()
    ]


def _label(whole: str, label: str | list[int]) -> str:
    """Return a parameter's label, which may be given as a range of UTF-16 units of the whole."""
    if isinstance(label, str):
        return label
    start, end = label
    return whole.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le", "replace")
