"""Edits are what their kinds say, and the same for every arm and every run."""

from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import pytest

from completion.families import QWEN_CODER
from completion.layout import Layout
from completion.tokenization import Tokenization
from evaluation.bench.scenarios import (
    LEFT_TO_RIGHT_KINDS,
    MIDDLE_KINDS,
    Step,
    cut_exactly,
    cut_in_line,
    cut_to,
    left_to_right_history,
    middle_history,
)
from evaluation.bench.sources import MODULES, single_lines, standard_library
from tests.unit.completion.fakes import small_tokenizer

REPEATS = 4
NEW_LINES = ["first = compute(second)", "third = [fourth]"]


@pytest.fixture(scope="module")
def tokenization(tmp_path_factory: pytest.TempPathFactory) -> Tokenization:
    folder: Path = tmp_path_factory.mktemp("model")
    small_tokenizer().save(str(folder / "tokenizer.json"))
    return Tokenization.load(folder)


@pytest.fixture(scope="module")
def text(tokenization: Tokenization) -> str:
    return cut_to(standard_library().text, 6000, tokenization)


def _edits(text: str, tokenization: Tokenization, seed: int = 0) -> list[Step]:
    return list(
        left_to_right_history(
            text,
            new_lines=NEW_LINES,
            kinds=LEFT_TO_RIGHT_KINDS,
            repeats=REPEATS,
            seed=seed,
            tokenization=tokenization,
        )
    )


def _moves(text: str, tokenization: Tokenization) -> list[Step]:
    return list(
        middle_history(
            text,
            kinds=MIDDLE_KINDS,
            repeats=REPEATS,
            seed=0,
            layout=Layout(QWEN_CODER, tokenization),
            tokenization=tokenization,
        )
    )


def test_each_step_begins_where_the_one_before_ended(text: str, tokenization: Tokenization) -> None:
    """So that no arm has to be put back, off the clock, before the next edit."""
    for steps in (_edits(text, tokenization), _moves(text, tokenization)[:4]):
        for step, following in pairwise(steps):
            assert following.before is step.after


def test_one_line_is_inserted_or_deleted_where_the_kind_says(
    text: str, tokenization: Tokenization
) -> None:
    for step in _edits(text, tokenization):
        before, after = (p.before.splitlines() for p in (step.before, step.after))
        action, percentage = step.kind.split("@")
        (change,) = _changes(before, after)
        assert change[0] == action
        offset = sum(len(line) + 1 for line in before[: change[1]])
        share = offset / len(step.before.before)
        assert int(percentage) / 100 <= share + 0.01
        assert share <= int(percentage) / 100 + 0.05
        if action == "insert":
            assert after[change[3]].strip() in NEW_LINES
        else:
            assert before[change[1]].strip()


def _changes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    operations = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changes = [each for each in operations if each[0] != "equal"]
    assert sum(each[2] - each[1] + each[4] - each[3] for each in changes) == 1
    return changes


def test_the_cursor_stays_at_the_end(text: str, tokenization: Tokenization) -> None:
    for step in _edits(text, tokenization):
        assert step.after.cursor == len(step.after.tokens)
        assert tokenization.decode(step.after.tokens.tolist()) == step.after.before
        assert step.after.after is None


def test_the_seed_decides(text: str, tokenization: Tokenization) -> None:
    texts = [[s.after.before for s in _edits(text, tokenization, seed)] for seed in (0, 0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_one_character_is_typed_before_the_cursor(text: str, tokenization: Tokenization) -> None:
    for step in _moves(text, tokenization):
        if step.kind == "type-in-middle":
            assert step.after.before[:-1] == step.before.before
            assert step.after.after == step.before.after
            assert step.after.after


def test_the_cursor_moves_thirty_lines_down_and_the_text_stays(
    text: str, tokenization: Tokenization
) -> None:
    for step in _moves(text, tokenization):
        if step.kind == "cursor-move":
            before, after = step.before, step.after
            assert after.before.count("\n") - before.before.count("\n") == 30
            assert f"{after.before}{after.after}" == f"{before.before}{before.after}"


def test_a_middle_prompt_is_laid_out_by_its_family(text: str, tokenization: Tokenization) -> None:
    prompt = _moves(text, tokenization)[0].after
    written = tokenization.decode(prompt.tokens.tolist())
    assert written == (f"<|fim_prefix|>{prompt.before}<|fim_suffix|>{prompt.after}<|fim_middle|>")
    assert tokenization.decode(prompt.tokens[: prompt.cursor].tolist()).endswith(prompt.before)


@pytest.mark.parametrize("num_tokens", [150, 333, 1000])
def test_texts_are_cut_to_tokens(num_tokens: int, tokenization: Tokenization) -> None:
    text = standard_library().text
    whole_lines = cut_to(text, num_tokens, tokenization)
    assert whole_lines.endswith("\n")
    assert len(tokenization.encode(whole_lines)) <= num_tokens
    one_more = text[: text.index("\n", len(whole_lines)) + 1]
    assert len(tokenization.encode(one_more)) > num_tokens
    assert len(cut_exactly(text, num_tokens, tokenization).tokens) == num_tokens


def test_a_line_is_left_to_finish() -> None:
    text = "short = 1\n    result = compute_something(first, second, third)\n\n"
    cut = cut_in_line(text)
    assert text.startswith(cut)
    assert cut == "short = 1\n    result ="


def test_sources_can_begin_with_any_file() -> None:
    first, second = standard_library(0), standard_library(1)
    assert list(first.files)[:2] == [f"{name}.py" for name in MODULES[:2]]
    assert next(iter(second.files)) == list(first.files)[1]
    assert len(first.text) == len(second.text)
    start = first.files[f"{MODULES[1]}.py"]
    assert second.text.startswith(first.text[start : start + 1000])
    assert first.title(10).startswith("argparse.py of Python")
    assert "tarfile.py" in first.title(start + 1)


def test_single_lines_stand_on_their_own() -> None:
    lines = single_lines(standard_library(1).text)
    assert len(lines) > 100
    assert all(line == line.strip() for line in lines)
