"""The text of what a member is asked of."""

import re

_ACCESSOR = re.compile(r"(?:\?\.|\.|->|::)$")
_SPACE = re.compile(r"[\s\\]+")
_LONGEST = 200
"""Characters, beyond which a text names nothing."""


def receiver_text(text: str, start: int, stop: int) -> str:
    """Return `text[start:stop]` without white space and the accessor at its end.

    Nothing at all if it is long, as the value of a whole block of code is.
    """
    if stop - start > _LONGEST:
        return ""
    return _ACCESSOR.sub("", _SPACE.sub("", text[start:stop]))
