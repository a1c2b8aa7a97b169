"""Rules that hold for every case, whatever the code it was made from."""

import random
import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import islice

import pytest

from evaluation.corpus.fetching import PackageSource
from evaluation.fidelity.case import CHUNK_KINDS, FILL_IN, KINDS, PREFIX, Case, State
from evaluation.fidelity.cases.drafts import Spot
from evaluation.fidelity.cases.package_code import PackageCode
from evaluation.fidelity.cases.related import insert_related
from evaluation.fidelity.cases.selection import RECIPES, all_cases
from tests.unit.evaluation.made_up_packages import made_up_package

PROMPT_TOKENS = 400
CHANCE = random.Random(0)  # noqa: S311 - nothing is kept secret
PACKAGE = made_up_package()
OTHER_PACKAGE = made_up_package("another")


def count_tokens(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]|\s+", text))


def cases_of(
    kind: str,
    *packages: PackageSource,
    per_package: int = 12,
    seed: int = 0,
    prompt_tokens: int = PROMPT_TOKENS,
) -> list[Case]:
    cases = all_cases(
        kind,
        [PackageCode(package, count_tokens) for package in packages or (PACKAGE,)],
        prompt_tokens=prompt_tokens,
        per_package=per_package,
        seed=seed,
    )
    return list(cases)


def true_text(case: Case) -> str:
    return PACKAGE.latest[case.path]


def before(state: State) -> str:
    return state.text[: state.cursor]


def lines_of_states(case: Case) -> tuple[list[str], list[str]]:
    return case.states[0].text.splitlines(), case.states[-1].text.splitlines()


def changes_of(case: Case) -> list[tuple[str, list[str], list[str]]]:
    first, last = lines_of_states(case)
    matcher = SequenceMatcher(None, first, last, autojunk=False)
    return [
        (tag, first[a:b], last[c:d]) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]


def is_insertion_of(case: Case, num_lines: int) -> bool:
    """Tell whether the last state is the first one with so many more lines, by counting only."""
    first, last = map(Counter, lines_of_states(case))
    return not first - last and (last - first).total() == num_lines


def test_there_is_a_recipe_for_every_kind() -> None:
    assert tuple(RECIPES) == KINDS + CHUNK_KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_cases(kind: str) -> None:
    assert len(cases_of(kind)) >= 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_target_follows_the_true_text_before_the_cursor(kind: str, seed: int) -> None:
    for case in cases_of(kind, seed=seed):
        assert before(case.states[-1]) + case.target + "\n" in true_text(case)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_all_states_begin_with_the_same_line_and_differ(kind: str, seed: int) -> None:
    for case in cases_of(kind, seed=seed):
        if kind != "rename":  # which may be in the first line, too
            assert len({state.text.split("\n")[0] for state in case.states}) == 1
        assert len(set(case.states)) == len(case.states) >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_are_about_as_long_as_wanted(kind: str) -> None:
    for case in cases_of(kind):
        assert 0.7 * PROMPT_TOKENS <= count_tokens(case.states[-1].text) <= PROMPT_TOKENS


@pytest.mark.parametrize("kind", KINDS)
def test_targets_are_lines_of_code(kind: str) -> None:
    for case in cases_of(kind):
        assert 12 <= len(case.target.strip()) <= 100
        assert not case.target.strip().startswith(("#", '"""'))


@pytest.mark.parametrize("kind", KINDS)
def test_the_layout_says_where_text_is(kind: str) -> None:
    for case in cases_of(kind):
        ends_at_cursor = all(state.cursor == len(state.text) for state in case.states)
        assert ends_at_cursor == (case.layout == PREFIX) == (kind not in {"typing", "cursor"})


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_cases_other_seed_other_cases(kind: str) -> None:
    assert cases_of(kind) == cases_of(kind)
    if kind != "real":  # a small package has few places, and they do not depend on chance
        assert cases_of(kind) != cases_of(kind, seed=1)


@pytest.mark.parametrize("kind", KINDS)
def test_more_cases_and_more_packages_leave_those_of_before(kind: str) -> None:
    few = cases_of(kind, per_package=3)
    assert cases_of(kind, per_package=6)[:3] == few
    both = cases_of(kind, PACKAGE, OTHER_PACKAGE, per_package=3)
    assert [case for case in both if case.package == few[0].package] == few


def test_cases_come_in_rounds() -> None:
    packages = [case.package for case in cases_of("related", PACKAGE, OTHER_PACKAGE)]
    assert packages[:6] == ["made-up 2.0", "another 2.0"] * 3


def test_cases_are_made_when_they_are_asked_for() -> None:
    calls = Counter[str]()

    def counting(text: str) -> int:
        calls["all"] += 1
        return count_tokens(text)

    package = PackageCode(PACKAGE, counting)
    cases = all_cases("related", [package], prompt_tokens=PROMPT_TOKENS, per_package=10, seed=0)
    assert not calls
    assert len(list(islice(cases, 1))) == 1


def test_keys_name_cases() -> None:
    keys = [case.key for kind in KINDS for case in cases_of(kind, PACKAGE, OTHER_PACKAGE)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("seed", range(5))
def test_a_random_insertion_is_five_lines(seed: int) -> None:
    assert all(is_insertion_of(case, 5) for case in cases_of("random-insert", seed=seed))


@pytest.mark.parametrize("seed", range(5))
def test_a_random_deletion_is_of_five_lines_that_are_not_in_the_file(seed: int) -> None:
    for case in cases_of("random-delete", seed=seed):
        first, last = lines_of_states(case)
        starts = [i for i in range(len(first)) if first[:i] + first[i + 5 :] == last]
        assert starts
        assert all("\n".join(first[i : i + 5]) not in true_text(case) for i in starts)


@pytest.mark.parametrize("seed", range(5))
def test_both_is_an_insertion_and_a_deletion_apart(seed: int) -> None:
    for case in cases_of("random-both", seed=seed):
        first, last = lines_of_states(case)
        assert len(first) == len(last)
        assert any(
            first[:i] + first[i + 5 :] == last[:j] + last[j + 5 :]
            for i in range(1, len(first) - 5)
            for j in range(1, len(last) - 5)
        )


@pytest.mark.parametrize("seed", range(5))
def test_several_places_are_three_of_two_lines(seed: int) -> None:
    assert all(is_insertion_of(case, 6) for case in cases_of("multi", seed=seed))
    cases = cases_of("multi", seed=seed)
    assert any(len(changes_of(case)) == 3 for case in cases)


@pytest.mark.parametrize("seed", range(3))
def test_a_related_insertion_brings_the_most_similar_line(seed: int) -> None:
    for case in cases_of("related", seed=seed):
        assert is_insertion_of(case, 5)
        first, last = lines_of_states(case)
        inserted = Counter(last) - Counter(first)
        names = set(re.findall(r"\w+", case.target))
        assert any(names & set(re.findall(r"\w+", line)) for line in inserted)
        assert first[-5:] == last[-5:]


def test_related_lines_share_rare_names_rather_than_common_ones() -> None:
    common = [f"    total = total + total_{index} * total\n" for index in range(40)]
    rare = "    frobnicate(widget, gadget)\n"
    text = "".join([*common[:20], rare, *common[20:], "    total = frobnicate(total, gadget)\n"])
    source = PackageSource(PACKAGE.package, {"2.0": {"one.py": text}, "1.0": {}})
    package = PackageCode(source, count_tokens)
    draft = insert_related(Spot(package, package.file("one.py"), 41, 500), CHANCE)
    assert draft is not None
    assert rare in draft.states[1].text
    assert rare not in draft.states[0].text


@pytest.mark.parametrize("seed", range(3))
def test_a_rename_is_undone_by_renaming_back(seed: int) -> None:
    for case in cases_of("rename", seed=seed):
        first, last = (re.findall(r"\w+", state.text) for state in case.states)
        assert len(first) == len(last)
        pairs = {(old, new) for old, new in zip(first, last, strict=True) if old != new}
        ((old_name, new_name),) = pairs
        assert new_name in case.target
        assert new_name not in first
        assert old_name not in last
        assert last.count(new_name) >= 3
        assert re.sub(rf"\b{old_name}\b", new_name, case.states[0].text) == case.states[1].text


@pytest.mark.parametrize("seed", range(3))
def test_a_real_change_goes_from_one_release_to_the_next(seed: int) -> None:
    cases = cases_of("real", seed=seed)
    for case in cases:
        first, last = case.states
        assert first.text in PACKAGE.previous[case.path]
        assert "# since 2.0" in case.target
        assert case.target not in PACKAGE.previous[case.path]
        assert all(tag == "insert" for tag, _, _ in changes_of(case))
        assert last.text.count("# since 2.0") >= 1


@pytest.mark.parametrize("seed", range(3))
def test_typing_is_three_lines_one_after_the_other(seed: int) -> None:
    for case in cases_of("typing", seed=seed):
        assert case.layout == FILL_IN
        assert len(case.states) == 4
        afters = {state.text[state.cursor :] for state in case.states}
        assert len(afters) == 1
        for earlier, later in zip(case.states, case.states[1:], strict=False):
            typed = before(later).removeprefix(before(earlier))
            assert before(later).startswith(before(earlier))
            assert typed.count("\n") == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_cursor_move_leaves_the_text(seed: int) -> None:
    directions = set()
    for case in cases_of("cursor", seed=seed, per_package=30):
        first, last = case.states
        assert first.text == last.text
        num_lines = before(last).count("\n") - before(first).count("\n")
        assert 10 <= abs(num_lines) <= 60
        assert first.text[first.cursor] == last.text[last.cursor] == "\n"
        assert before(last).split("\n")[-1].strip() == ""
        directions.add(num_lines > 0)
    assert directions == {True, False}


@pytest.mark.parametrize("kind", ["typing", "cursor"])
def test_putting_the_target_at_the_cursor_gives_the_true_text(kind: str) -> None:
    for case in cases_of(kind):
        last = case.states[-1]
        whole = before(last) + case.target + last.text[last.cursor :]
        assert whole in true_text(case)


def test_files_that_are_too_short_give_no_cases() -> None:
    short = made_up_package("short", num_functions=2)
    assert not [case for kind in KINDS for case in cases_of(kind, short)]


def test_lines_that_stand_in_the_file_are_not_strange_to_it() -> None:
    path, text = next(iter(PACKAGE.latest.items()))
    twice = {path: text, "copy.py": text}
    source = PackageSource(PACKAGE.package, {"2.0": twice, "1.0": twice})
    assert not cases_of("random-delete", source)
    assert cases_of("random-insert", source)


def test_a_package_of_one_file_has_no_lines_to_delete() -> None:
    alone = made_up_package("alone", num_files=1)
    assert not cases_of("random-delete", alone)
    assert cases_of("random-insert", alone)
