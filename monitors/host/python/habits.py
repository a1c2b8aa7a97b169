"""What a document asks for again and again: the members of the same few things."""

import re
from collections import Counter

_DEREFERENCE = re.compile(
    r"""
    ^ (?P<class> class\b )
    | ^ [ \t]* (?: from | import )\b .* $
    | (?<! [\w.)\]] ) (?P<receiver> [^\W\d]\w* ) [.] (?= [^\W\d] )
    """,
    re.MULTILINE | re.VERBOSE,
)
_OWN = ("self", "cls")


def usual_dereferences(text: str, most: int) -> list[int]:
    """Return an offset behind a dot for each of the receivers that occur most often.

    `self` is another one in each class.
    """
    counts: Counter[tuple[str, int]] = Counter()
    offsets: dict[tuple[str, int], int] = {}
    num_classes = 0
    for found in _DEREFERENCE.finditer(text):
        receiver = found["receiver"]
        if found["class"]:
            num_classes += 1
        elif receiver:
            key = receiver, num_classes if receiver in _OWN else 0
            counts[key] += 1
            offsets.setdefault(key, found.end())
    return [offsets[key] for key, _count in counts.most_common(most)]
