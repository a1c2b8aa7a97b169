"""Where compilers point at, as the others count it."""

import re

_ACCESSOR = re.compile(r"(?:->|::|\.)\s*")


def name_column(line: str, offset: int) -> int:
    """Return where the name begins that a compiler complains of, in UTF-16 code units.

    Args:
        line: It stands in.
        offset: Where the compiler points at, in code points: the name, or the sign before it.
    """
    accessor = _ACCESSOR.match(line, offset)
    return len(line[: accessor.end() if accessor else offset].encode("utf-16-le")) // 2
