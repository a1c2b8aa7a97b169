"""Which package is used for what."""

from pathlib import Path

from evaluation.corpus.catalogue import (
    ANALYSED_LANGUAGES,
    LANGUAGES,
    analysed_packages,
    corpus_packages,
)
from evaluation.corpus.splits import Split, analysed_split_of, packages_of

ROOT = Path(__file__).parents[3]


def test_every_package_has_one_split() -> None:
    packages = corpus_packages()
    splits = [packages_of(split, packages) for split in Split]
    assert sorted(package.name for split in splits for package in split) == sorted(
        package.name for package in packages
    )


def test_every_split_has_every_language_and_its_share() -> None:
    packages = corpus_packages()
    shares = dict(zip(Split, (0.60, 0.15, 0.25), strict=True))
    for split, share in shares.items():
        chosen = packages_of(split, packages)
        assert {package.language for package in chosen} == set(LANGUAGES)
        assert abs(len(chosen) / len(packages) - share) < 0.10


def test_the_splits_are_those_that_published_figures_rest_on() -> None:
    """Another salt or other shares would let a trained retriever be judged by what it has seen."""
    text = (ROOT / "docs/corpus.md").read_text("utf-8")
    for split in Split:
        names = ", ".join(package.name for package in packages_of(split, corpus_packages()))
        assert f"| {split} | {names} |" in text


def test_nothing_is_for_training_of_what_only_analysers_are_asked_about() -> None:
    text = (ROOT / "docs/corpus.md").read_text("utf-8")
    for split in (Split.DEVELOPMENT, Split.TEST):
        own = [each for each in analysed_packages() if analysed_split_of(each.name) is split]
        assert {package.language for package in own} == set(ANALYSED_LANGUAGES)
        assert f"| {split} | {', '.join(package.name for package in own)} |" in text
