"""The sites of `warmline eval members`: how many, of which packages, and their workspaces."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.weights.progress import Progress
from evaluation.corpus.catalogue import (
    ANALYSED_LANGUAGES,
    PinnedPackage,
    analysed_packages,
    corpus_packages,
)
from evaluation.corpus.errors import CorpusError
from evaluation.corpus.fetching import PackageSource, fetch_all
from evaluation.corpus.splits import Split, analysed_split_of, packages_of
from evaluation.members.selection import NameCounts, PackageSites, all_sites
from evaluation.members.site import KINDS, SORTS, NameSite
from evaluation.members.workspaces import Workspace, workspace_of
from evaluation.shards.plan import Plan, Stream

SPLITS = (Split.TEST.value, Split.DEVELOPMENT.value)
_CASES = {
    "python/member": 600,
    "python/import": 200,
    "python/keyword": 200,
    "typescript/member": 240,
    "typescript/import": 80,
    "javascript/member": 240,
    "javascript/import": 80,
    "c/member": 320,
    "cpp/member": 200,
    "cpp/scoped": 120,
    "java/member": 240,
    "java/import": 80,
}
QUICK_CASES = 12
QUICK_PACKAGES = 2
_SITES_AT_A_STRETCH, _QUICK_STRETCH = 20, 4
"""Of one package, before its analysers give way to those of the next."""


@dataclass(frozen=True, slots=True)
class SitePlan(Plan[NameSite]):
    """Sites in an order in which language servers are not started for each one anew."""

    num_packages: int
    stretch: int

    def cases(self) -> Iterator[NameSite]:
        """Yield the sites; a stretch of one package, then one of the next."""
        balanced = Plan.cases(self)
        size = self.num_packages * self.stretch
        while window := list(islice(balanced, size)):
            yield from sorted(window, key=lambda site: site.package)


@dataclass(frozen=True, slots=True)
class MembersPlan:
    """What a run is to measure.

    Attributes:
        plan: The sites in their order.
        workspaces: Of each package, by its title.
        complaints: A sentence for each package that is missing.
    """

    plan: SitePlan
    workspaces: Mapping[str, Workspace]
    complaints: tuple[str, ...]


def plan_sites(arguments: argparse.Namespace, progress: Progress) -> MembersPlan:
    """Fetch and install what was asked for, and draw the sites.

    A package that cannot be had costs a complaint, and the others have its share.
    """
    kinds = arguments.kinds or KINDS
    languages = {kind.partition("/")[0] for kind in kinds}
    everything = (*corpus_packages(), *analysed_packages())
    known = [each for each in everything if each.language in languages]
    corpus = fetch_all(known, progress)
    counts = {
        language: NameCounts(_files_of(language, corpus.sources)) for language in sorted(languages)
    }
    wanted = _wanted(arguments, known)
    workspaces, complaints = _install_all(wanted, progress)
    packages = [
        PackageSites(source, counts[source.package.language])
        for source in corpus.sources
        if source.package.title in workspaces
    ]
    streams = [_stream(kind, packages, arguments) for kind in kinds]
    stretch = _QUICK_STRETCH if arguments.quick else _SITES_AT_A_STRETCH
    plan = SitePlan(streams, max(1, len(packages)), stretch)
    return MembersPlan(plan, workspaces, (*corpus.complaints, *complaints))


def _files_of(language: str, sources: Sequence[PackageSource]) -> Iterator[Mapping[str, str]]:
    return (source.latest for source in sources if source.package.language == language)


def _wanted(arguments: argparse.Namespace, known: Sequence[PinnedPackage]) -> list[PinnedPackage]:
    """Return the packages to take sites from.

    There are few of TypeScript, and nothing here learns from any: all of them are taken.
    """
    split = Split(arguments.split)
    held_out = (*packages_of(split, known), *(each for each in known if _is_of(split, each)))
    wanted = [each for each in known if each in held_out or each.language == "typescript"]
    if arguments.packages:
        wanted = [each for each in known if each.name in arguments.packages]
    if not arguments.quick:
        return wanted
    quick = {language: [each for each in wanted if each.language == language] for language in SORTS}
    return [each for own in quick.values() for each in own[:QUICK_PACKAGES]]


def _is_of(split: Split, package: PinnedPackage) -> bool:
    return package.language in ANALYSED_LANGUAGES and analysed_split_of(package.name) is split


def _install_all(
    packages: Sequence[PinnedPackage], progress: Progress
) -> tuple[dict[str, Workspace], tuple[str, ...]]:
    workspaces, complaints = {}, []
    for package in packages:
        try:
            workspaces[package.title] = workspace_of(package, progress)
        except CorpusError as error:
            complaints.append(f"{package.title} is left out: {error}.")
    return workspaces, tuple(complaints)


def _stream(
    kind: str, packages: Sequence[PackageSites], arguments: argparse.Namespace
) -> Stream[NameSite]:
    num_cases = arguments.cases or (QUICK_CASES if arguments.quick else _CASES[kind])
    sites = all_sites(kind, packages, per_package=num_cases, seed=arguments.seed)
    return Stream(kind, num_cases, tuple(islice(sites, num_cases)))  # they are gone through twice
