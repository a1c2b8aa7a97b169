"""The cases of `warmline eval edits`: how many, of which packages."""

import argparse
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from completion.tokenization import Tokenization
from engine.weights.progress import Progress
from evaluation.corpus.catalogue import corpus_packages
from evaluation.corpus.fetching import PackageSource, fetch_all
from evaluation.fidelity.case import KINDS, Case
from evaluation.fidelity.cases.package_code import PackageCode
from evaluation.fidelity.cases.selection import all_cases
from evaluation.fidelity.plan import ordered

LENGTHS, QUICK_LENGTHS = (1024, 2048, 4096), (1024,)
CASES, MORE_CASES, QUICK_CASES = 100, 300, 10
KINDS_WITH_MORE = frozenset({"related", "real", "typing"})
"""Those that the choice of a policy rests on."""
QUICK_PACKAGES = 8


def choose_cases(
    arguments: argparse.Namespace, tokenization: Tokenization, progress: Progress
) -> tuple[list[Case], tuple[str, ...]]:
    """Return the cases that were asked for, in the order to measure them, and complaints.

    A package that cannot be had costs a complaint, and the others have its share.
    """
    packages = corpus_packages()[: QUICK_PACKAGES if arguments.quick else None]
    corpus = fetch_all(packages, progress)
    sources = _taken_apart(corpus.sources, tokenization)
    lengths = arguments.prompt_tokens or (QUICK_LENGTHS if arguments.quick else LENGTHS)
    cases = [
        case
        for kind in arguments.kinds or KINDS
        for case in _cases_of_kind(kind, sources, lengths, arguments)
    ]
    return ordered(cases, arguments.seed), corpus.complaints


def _taken_apart(sources: Sequence[PackageSource], tokenization: Tokenization) -> list[PackageCode]:
    count_tokens = cache(lambda line: len(tokenization.encode(line)))  # many lines are alike
    return [PackageCode(source, count_tokens) for source in sources]


def _cases_of_kind(
    kind: str,
    packages: Sequence[PackageCode],
    lengths: Sequence[int],
    arguments: argparse.Namespace,
) -> Iterator[Case]:
    """Yield as many cases of each length."""
    wanted = arguments.cases or _num_cases(kind, is_quick=arguments.quick)
    for index, length in enumerate(lengths):
        share = wanted // len(lengths) + (index < wanted % len(lengths))
        cases = all_cases(
            kind,
            packages,
            prompt_tokens=length,
            per_package=share,
            seed=arguments.seed,
        )
        yield from islice(cases, share)


def _num_cases(kind: str, *, is_quick: bool) -> int:
    if is_quick:
        return QUICK_CASES
    return MORE_CASES if kind in KINDS_WITH_MORE else CASES
