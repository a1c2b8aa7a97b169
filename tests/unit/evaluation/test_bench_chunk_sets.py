"""Exchanges of chunks are what their kinds say, and each begins where the last one ended."""

from itertools import pairwise

import pytest

from completion.families import LEFT_TO_RIGHT, QWEN_CODER, Family
from completion.layout import Layout
from completion.tokenization import Tokenization
from evaluation.bench.chunk_sets import CHUNK_KINDS, MET_KIND, chunk_history
from evaluation.bench.messages import prompt_from_json, prompt_to_json
from evaluation.bench.scenarios import Prompt, Step
from evaluation.bench.sources import standard_library
from tests.unit.completion.fakes import small_tokenizer

PROMPT_TOKENS = 8000
REPEATS = 3


@pytest.fixture(scope="module", params=[QWEN_CODER, LEFT_TO_RIGHT], ids=lambda family: family.name)
def steps(request: pytest.FixtureRequest) -> list[Step]:
    family: Family = request.param
    tokenization = Tokenization(small_tokenizer())
    history = chunk_history(
        standard_library().text,
        standard_library(first=2).text,
        prompt_tokens=PROMPT_TOKENS,
        repeats=REPEATS,
        layout=Layout(family, tokenization),
        tokenization=tokenization,
    )
    return list(history)


def chunks_of(prompt: Prompt) -> set[bytes]:
    return {prompt.tokens[place.start : place.stop].tobytes() for place in prompt.chunks}


def test_both_kinds_take_turns_in_one_chain(steps: list[Step]) -> None:
    assert [step.kind for step in steps] == list(CHUNK_KINDS) * REPEATS
    assert all(left.after is right.before for left, right in pairwise(steps))
    assert {step.after.before for step in steps} == {steps[0].before.before}


def test_a_set_is_all_new_or_all_met(steps: list[Step]) -> None:
    met = chunks_of(steps[0].before)
    for step in steps:
        new = chunks_of(step.after)
        assert len(new) >= 2
        assert not new & chunks_of(step.before)
        assert new <= met if step.kind == MET_KIND else not new & met
        met |= new


def test_no_prompt_comes_twice(steps: list[Step]) -> None:
    prompts = {step.after.tokens.tobytes() for step in steps}
    assert len(prompts | {steps[0].before.tokens.tobytes()}) == len(steps) + 1


def test_prompts_are_about_as_long_as_wanted(steps: list[Step]) -> None:
    for step in steps:
        assert 0.85 * PROMPT_TOKENS <= len(step.after.tokens) <= 1.05 * PROMPT_TOKENS


def test_places_of_chunks_travel_to_an_arm(steps: list[Step]) -> None:
    prompt = steps[0].after
    assert prompt_from_json(prompt_to_json(prompt)).chunks == prompt.chunks != ()
