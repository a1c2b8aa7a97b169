"""The cases of `warmline eval edits|chunks`: how many, of which packages."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from completion.tokenization import Tokenization
from engine.weights.progress import Progress
from evaluation.corpus.catalogue import corpus_packages
from evaluation.corpus.fetching import fetch_all
from evaluation.fidelity.case import Case
from evaluation.fidelity.cases.code_file import CountTokens
from evaluation.fidelity.cases.package_code import PackageCode
from evaluation.fidelity.cases.selection import all_cases
from evaluation.shards.plan import Plan, Stream
from warmline.suites.measuring import turned

LENGTHS, QUICK_LENGTHS = (1024, 2048, 4096), (1024,)
CASES, MORE_CASES, QUICK_CASES = 100, 300, 10
QUICK_PACKAGES = 8
_PACKAGES_APART = 7


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a suite measures when nothing else is asked for.

    Attributes:
        kinds: All it has.
        with_more: Those that a choice rests on.
    """

    kinds: tuple[str, ...]
    with_more: frozenset[str]


def choose_cases(
    wishes: Wishes, arguments: argparse.Namespace, tokenization: Tokenization, progress: Progress
) -> tuple[Plan[Case], tuple[str, ...]]:
    """Return what was asked for, and complaints.

    A package that cannot be had costs a complaint, and the others have its share.
    """
    packages = corpus_packages()[: QUICK_PACKAGES if arguments.quick else None]
    corpus = fetch_all(packages, progress)
    taken_apart = [PackageCode(source, _counter(tokenization)) for source in corpus.sources]
    lengths = arguments.prompt_tokens or (QUICK_LENGTHS if arguments.quick else LENGTHS)
    sorts = product(arguments.kinds or wishes.kinds, enumerate(lengths))
    streams = [
        _stream(
            kind,
            turned(taken_apart, index * _PACKAGES_APART),
            prompt_tokens=length,
            num_cases=_share(_num_cases(kind, wishes, arguments), place, len(lengths)),
            seed=arguments.seed,
        )
        for index, (kind, (place, length)) in enumerate(sorts)
    ]
    return Plan(streams), corpus.complaints


def _stream(
    kind: str,
    packages: Sequence[PackageCode],
    *,
    prompt_tokens: int,
    num_cases: int,
    seed: int,
) -> Stream[Case]:
    cases = all_cases(
        kind,
        packages,
        prompt_tokens=prompt_tokens,
        per_package=num_cases,
        seed=seed,
    )
    return Stream(kind, num_cases, cases)


def _counter(tokenization: Tokenization) -> CountTokens:
    return cache(lambda line: len(tokenization.encode(line)))  # many lines are alike


def _share(total: int, place: int, num_places: int) -> int:
    """Return what one of several places has of a total that is shared out evenly."""
    return total // num_places + (place < total % num_places)


def _num_cases(kind: str, wishes: Wishes, arguments: argparse.Namespace) -> int:
    if arguments.cases:
        return int(arguments.cases)
    if arguments.quick:
        return QUICK_CASES
    return MORE_CASES if kind in wishes.with_more else CASES
