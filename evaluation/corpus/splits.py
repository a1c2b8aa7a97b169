"""Which packages a retriever may learn from, which decide about it, and which it is judged by."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from evaluation.corpus.catalogue import PinnedPackage

_SALT = "warmline "
"""So that all three splits have packages of every language; nothing else was looked at."""
_TRAINING_SHARE, _DEVELOPMENT_SHARE = 0.60, 0.15

PackageType = TypeVar("PackageType", bound=PinnedPackage)


class Split(StrEnum):
    """What a package is used for, and for nothing else."""

    TRAINING = "training"
    DEVELOPMENT = "development"  # choices are made by it: of rounds, of settings
    TEST = "test"  # reported


def split_of(name: str) -> Split:
    """Return the split of a package, by the hash of its name alone.

    So a package stays where it is when others, or other releases of it, are pinned.
    """
    digest = hashlib.sha256((_SALT + name).encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64  # evenly spread over [0, 1)
    if place < _TRAINING_SHARE:
        return Split.TRAINING
    is_development = place < _TRAINING_SHARE + _DEVELOPMENT_SHARE
    return Split.DEVELOPMENT if is_development else Split.TEST


def packages_of(split: Split, packages: Sequence[PackageType]) -> tuple[PackageType, ...]:
    """Return the packages of one split, in their order."""
    return tuple(package for package in packages if split_of(package.name) is split)


def analysed_split_of(name: str) -> Split:
    """Return the split of a package of `analysed_packages`.

    Nothing learns from those: what would be for training is for development.
    """
    split = split_of(name)
    return Split.DEVELOPMENT if split is Split.TRAINING else split
