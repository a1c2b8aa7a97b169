"""What a document itself says about names, where analysis may know less than its author."""

import re

_CLASS = re.compile(r"^([ \t]*)class\b", re.MULTILINE)
_HEADER = re.compile(r"[ \t]*(try|except|finally|else|if|elif)\b[^\n]*\bsys\b|[ \t]*(try|except)\b")


def names_after(receiver: str, text: str) -> set[str]:
    """Return the attributes that `text` reads or assigns behind `receiver`, as it is spelled."""
    if not receiver:
        return set()
    return set(re.findall(rf"(?<![\w.]){re.escape(receiver)}\.([^\W\d]\w*)", text))


def class_around(text: str, offset: int) -> tuple[int, int]:
    """Return the range of the Python class that holds `offset`; all of `text` if none does."""
    indentation = _indentation(text, offset)
    start = 0
    for match in _CLASS.finditer(text, 0, offset):
        if len(match[1]) < indentation:
            start = match.start()
    width = _indentation(text, start)
    end = re.compile(rf"^[ \t]{{0,{width}}}[^\s)\]}}#]", re.MULTILINE).search(text, offset)
    return start, end.start() if end and start else len(text)


def is_optional_import(text: str, offset: int) -> bool:
    """Tell whether the line at `offset` lies in a block that expects modules to be missing."""
    indentation = _indentation(text, offset)
    if not indentation:
        return False
    for line in reversed(text[:offset].split("\n")[:-1]):
        if line.strip() and len(line) - len(line.lstrip()) < indentation:
            return _HEADER.match(line) is not None
    return False


def _indentation(text: str, offset: int) -> int:
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return len(line) - len(line.lstrip(" \t"))
