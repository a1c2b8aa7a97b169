"""Sets of names that are hard to hold a text to, each in its own way."""

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from evaluation.bench.sources import standard_library

_LINE = b"        return self.application.configuration."
_TYPED = (b"from application.configuration import ", b"self.con", b"value = self.get_", b"")
_COMMON_START = b"GL_"
_LONG_START = b"STRUCTURE_TYPE_OF_PHYSICAL_DEVICE_"
_SHARE_ALIKE = 0.8
_LONG_WORDS = 3
_NAMES_WITHIN_ONE = 3
_SCRIPTS = {"Greek": 0x391, "Cyrillic": 0x410, "Han": 0x4E00, "Hangul": 0xAC00}


class Asked(NamedTuple):
    """What a request asks for.

    Attributes:
        forced_text: Comes first.
        names: One of them follows.
    """

    forced_text: bytes
    names: Sequence[bytes]


_Choice = Callable[[Sequence[bytes], int, random.Random], Asked]


def known_names() -> Sequence[bytes]:
    """Return the different names in the standard library's code, in the order of the alphabet."""
    words = re.findall(r"[^\W\d]\w{2,}", standard_library().text)
    return sorted({word.encode() for word in words})


def _mixed(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    return Asked(_LINE, chance.sample(known, size))


def _typed(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    return Asked(chance.choice(_TYPED), chance.sample(known, size))


def _alike(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    names = chance.sample(known, size)
    num_alike = int(size * _SHARE_ALIKE)
    alike = [_COMMON_START + name.upper() for name in names[:num_alike]]
    return Asked(_LINE, alike + names[num_alike:])


def _long(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    words = chance.sample(known, size)
    tails = [b"_".join([word, *chance.choices(known, k=_LONG_WORDS - 1)]) for word in words]
    return Asked(_LINE, [_LONG_START + tail.upper() for tail in tails])


def _nested(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    names: list[bytes] = []
    for place, word in enumerate(chance.sample(known, size)):
        start = names[(place - 1) // _NAMES_WITHIN_ONE] + b"_" if place else b""
        names.append(start + word)
    return Asked(_LINE, names)


def _scripts(known: Sequence[bytes], size: int, chance: random.Random) -> Asked:
    firsts = list(_SCRIPTS.values())
    names = chance.sample(known, size)
    return Asked(_LINE, [_written_in(chance.choice(firsts), name) for name in names])


def _written_in(first_letter: int, name: bytes) -> bytes:
    letters = (
        chr(first_letter + ord(letter) - ord("A")) if letter.isalpha() else letter
        for letter in name.decode("ascii", "ignore")
    )
    return "".join(letters).encode()


ARMS: dict[str, _Choice] = {
    "mixed": _mixed,
    "typed": _typed,
    "alike": _alike,
    "long": _long,
    "nested": _nested,
    "scripts": _scripts,
}
"""By what the names have in common."""
