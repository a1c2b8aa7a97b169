"""The rules of cases on real code, for the packages this machine has fetched already."""

import pytest

from engine.weights.progress import ignore_progress
from evaluation.corpus.catalogue import LANGUAGES, corpus_packages
from evaluation.corpus.fetching import PackageSource, fetch, is_fetched
from evaluation.fidelity.case import KINDS
from evaluation.fidelity.cases.package_code import PackageCode
from evaluation.fidelity.cases.selection import all_cases


def count_tokens(text: str) -> int:
    return len(text) // 4 + 1


def fetched_package(language: str) -> PackageSource:
    packages = [package for package in corpus_packages() if package.language == language]
    package = next(filter(is_fetched, packages), None)
    if package is None:
        pytest.skip(f"no {language} package of the corpus was fetched")
    return fetch(package, ignore_progress)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_cases_of_real_code_continue_its_text(kind: str, language: str) -> None:
    source = fetched_package(language)
    package = PackageCode(source, count_tokens)
    cases = list(all_cases(kind, [package], prompt_tokens=1024, per_package=2, seed=0))
    assert cases
    for case in cases:
        last = case.states[-1]
        written = last.text[: last.cursor] + case.target + "\n"
        assert written in source.latest[case.path]
        assert case.states[0] != last
