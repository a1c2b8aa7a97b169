"""The tasks of `warmline eval repo`: how many, of which packages."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from engine.weights.progress import Progress
from evaluation.bench.subject import Subject
from evaluation.corpus.catalogue import corpus_packages
from evaluation.corpus.fetching import Files, fetch_all
from evaluation.corpus.splits import Split, packages_of
from evaluation.fidelity.case import FILL_IN
from evaluation.repo.selection import PackageTasks, all_tasks
from evaluation.repo.task import KINDS, LAYOUTS, Task
from evaluation.shards.plan import Plan, Stream
from retrieval.chunking import chunks_of
from retrieval.definitions import definition_chunks_of
from retrieval.lexical import Chunker
from warmline.suites.measuring import turned

CASES, QUICK_CASES = 150, 4
QUICK_PACKAGES = 4
_PACKAGES_APART = 3

CHUNKERS: Mapping[str, Chunker] = {"natural": chunks_of, "definitions": definition_chunks_of}


@dataclass(frozen=True, slots=True)
class RepoPlan:
    """What a run is to measure.

    Attributes:
        plan: The tasks in their order.
        files: Of each package, by its title.
        chunker: Cuts them.
        complaints: A sentence for each thing that is missing.
    """

    plan: Plan[Task]
    files: Mapping[str, Files]
    chunker: Chunker
    complaints: tuple[str, ...]


def plan_tasks(arguments: argparse.Namespace, subject: Subject, progress: Progress) -> RepoPlan:
    """Return what was asked for.

    A package that cannot be had costs a complaint, and the others have its share.
    """
    packages = packages_of(Split(arguments.split), corpus_packages())
    corpus = fetch_all(packages[: QUICK_PACKAGES if arguments.quick else None], progress)
    count = cache(lambda line: len(subject.tokenization.encode(line)))  # many lines are alike
    sources = [PackageTasks(source, count) for source in corpus.sources]
    layouts, complaints = _layouts(arguments, subject)
    num_cases = arguments.cases or (QUICK_CASES if arguments.quick else CASES)
    streams = [
        Stream(
            kind,
            num_cases,
            all_tasks(
                kind,
                layout,
                turned(sources, index * _PACKAGES_APART),
                per_package=num_cases,
                seed=arguments.seed,
            ),
        )
        for (index, kind), layout in product(enumerate(arguments.kinds or KINDS), layouts)
    ]
    return RepoPlan(
        plan=Plan(streams),
        files={source.title: source.files for source in sources},
        chunker=CHUNKERS[arguments.chunking],
        complaints=(*corpus.complaints, *complaints),
    )


def _layouts(
    arguments: argparse.Namespace, subject: Subject
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the layouts to ask in, and why others are left out."""
    layouts = tuple(arguments.layouts or LAYOUTS)
    if FILL_IN not in layouts or subject.layout.family.fills_in_the_middle:
        return layouts, ()
    rest = tuple(layout for layout in layouts if layout != FILL_IN)
    return rest, (f"{subject.name} does not read text after the cursor: no {FILL_IN}.",)
