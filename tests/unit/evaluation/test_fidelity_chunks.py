"""Cases in which pieces of other files change in front of a document, and what answers them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cache.chunks import ChunkStore
from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.workbench import Held, Workbench
from evaluation.fidelity.arms import Edit, describe
from evaluation.fidelity.case import CHUNK_KINDS, REPOSITORY, Case
from evaluation.fidelity.chunk_arms import CHUNK_ARMS
from evaluation.fidelity.measure import Meter
from retrieval.types import Chunk
from tests.unit.evaluation.fidelity_fakes import (
    left_to_right_prompter,
    small_parts,
    small_prompter,
    small_reader,
)
from tests.unit.evaluation.made_up_packages import made_up_package
from tests.unit.evaluation.test_fidelity_cases import cases_of, count_tokens

PROMPT_TOKENS = 800
PACKAGE = made_up_package()
every_kind = pytest.mark.parametrize("kind", CHUNK_KINDS)


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return Workbench(small_parts())


@pytest.fixture(scope="module", params=CHUNK_KINDS)
def edit(request: pytest.FixtureRequest, bench: Workbench) -> Edit:
    case, prompter = chunk_cases(request.param)[0], small_prompter()
    prompts = prompter.prompts(case)
    store = ChunkStore(10**9)
    before = bench.read(prompts[0], store=store)
    if case.are_chunks_met:
        bench.meet(prompts[-1], store)
    return Edit(case, prompts, before, prompter, store)


def chunk_cases(kind: str) -> list[Case]:
    return cases_of(kind, per_package=4, prompt_tokens=PROMPT_TOKENS)


def chunks_of_states(case: Case) -> tuple[tuple[Chunk, ...], tuple[Chunk, ...]]:
    first, last = case.states
    return first.chunks, last.chunks


def hold(name: str, bench: Workbench, edit: Edit) -> Held:
    held = CHUNK_ARMS[name](bench, edit)
    assert held is not None
    return held


def chunk_tokens(prompt: Prompt) -> list[TokenArray]:
    return [prompt.tokens[place.start : place.stop] for place in prompt.chunks]


@every_kind
def test_the_document_stays_and_its_chunks_change(kind: str) -> None:
    for case in chunk_cases(kind):
        first, last = case.states
        assert (first.text, first.cursor, case.layout) == (last.text, last.cursor, REPOSITORY)
        assert first.chunks != last.chunks
        assert case.path not in {chunk.path for chunk in (*first.chunks, *last.chunks)}
        whole = last.text[: last.cursor] + case.target + last.text[last.cursor :]
        assert whole in PACKAGE.latest[case.path]


@every_kind
def test_prompts_with_their_chunks_are_about_as_long_as_wanted(kind: str) -> None:
    for case in chunk_cases(kind):
        for state in case.states:
            texts = [state.text, *(chunk.text for chunk in state.chunks)]
            assert 0.5 * PROMPT_TOKENS <= sum(map(count_tokens, texts)) <= 1.05 * PROMPT_TOKENS


def test_one_is_exchanged_for_a_better_one() -> None:
    for case in chunk_cases("chunk-swap"):
        first, last = chunks_of_states(case)
        assert len(first) == len(last) >= 2
        (gone,), (new,) = set(first) - set(last), set(last) - set(first)
        assert first.index(gone) == last.index(new)
        assert new.score >= gone.score


def test_an_order_is_of_the_same_chunks() -> None:
    for case in chunk_cases("chunk-order"):
        first, last = chunks_of_states(case)
        assert Counter(first) == Counter(last)
        assert list(last) == sorted(last, key=lambda chunk: chunk.score)


def test_a_new_set_was_met_elsewhere() -> None:
    for case in chunk_cases("chunk-set"):
        first, last = chunks_of_states(case)
        assert not set(first) & set(last)
        assert case.are_chunks_met
        assert max(chunk.score for chunk in first) <= min(chunk.score for chunk in last)


@every_kind
def test_a_prompt_says_where_its_chunks_stand(kind: str) -> None:
    prompter = small_prompter()
    for case in chunk_cases(kind)[:3]:
        for state, prompt in zip(case.states, prompter.prompts(case), strict=True):
            expected = [
                prompter.encode(f"{chunk.path}\n{chunk.text}\n").tolist() for chunk in state.chunks
            ]
            assert [tokens.tolist() for tokens in chunk_tokens(prompt)] == expected


def test_a_family_without_fill_in_reads_up_to_the_cursor() -> None:
    (case, *_), prompter = chunk_cases("chunk-order"), left_to_right_prompter()
    prompt, state = prompter.prompts(case)[-1], case.states[-1]
    assert prompt.cursor == len(prompt.tokens)
    assert len(prompt.chunks) == len(state.chunks)
    np.testing.assert_array_equal(prompter.truth(case), prompter.encode(case.target + "\n"))
    reading_on = small_prompter()
    np.testing.assert_array_equal(reading_on.truth(case), reading_on.encode(case.target))


@pytest.mark.parametrize("name", sorted(set(CHUNK_ARMS) - {"ignore"}))
def test_every_arm_holds_the_last_prompt(name: str, bench: Workbench, edit: Edit) -> None:
    held = hold(name, bench, edit)
    np.testing.assert_array_equal(held.cache.tokens, edit.prompts[-1].tokens)
    np.testing.assert_array_equal(edit.before.cache.tokens, edit.prompts[0].tokens)


def test_full_floor_and_refreshed_are_exact(bench: Workbench, edit: Edit) -> None:
    full = hold("full", bench, edit)
    for name in ("floor", "refreshed"):
        held = hold(name, bench, edit)
        assert held.cache.exact_prefix == len(edit.prompts[-1].tokens)
        torch.testing.assert_close(held.logits, full.logits, rtol=1e-4, atol=1e-4)


def test_no_arm_finds_what_another_one_has_read(bench: Workbench, edit: Edit) -> None:
    """Each begins with the same store, so that the order of arms does not matter."""
    first, again = (hold("rotate", bench, edit).encoded_tokens for _ in range(2))
    assert first == again
    met = {tokens.tobytes() for tokens in chunk_tokens(edit.prompts[0])}
    new = [each for each in chunk_tokens(edit.prompts[-1]) if each.tobytes() not in met]
    markers = len(edit.prompts[-1].chunks) + 3
    if edit.case.kind == "chunk-swap":
        assert len(new[0]) / 2 < first <= len(new[0]) + markers
    else:
        assert first <= markers


def test_stale_keys_are_turned_elsewhere(bench: Workbench, edit: Edit) -> None:
    stale, rotated = hold("stale", bench, edit), hold("rotate", bench, edit)
    length = len(edit.prompts[-1].tokens)
    for block in ("unrotated", "values"):
        ours, theirs = (
            getattr(each.cache.arena, block)[0, :, :length] for each in (stale, rotated)
        )
        assert torch.equal(ours, theirs)
    keys = (each.cache.arena.keys[:, :, :length] for each in (stale, rotated))
    assert not torch.equal(*keys)


def test_descriptions_tell_the_arms_apart() -> None:
    written = {describe(arm) for name, arm in CHUNK_ARMS.items() if name != "default"}
    assert len(written) == len(CHUNK_ARMS) - 1
    assert not any(" at 0x" in each for each in written)


@every_kind
def test_a_record_has_every_figure_of_every_arm(kind: str, tmp_path: Path) -> None:
    bench = Workbench(small_parts(max_position_embeddings=4096))
    meter = Meter(bench, small_prompter(), small_reader(tmp_path), CHUNK_ARMS)
    record = meter.measure(chunk_cases(kind)[0])
    assert set(record.arms) == set(CHUNK_ARMS)
    assert record.arms["refreshed"]["nll"] == pytest.approx(record.arms["full"]["nll"], rel=1e-4)
    assert record.arms["default"]["encoded_tokens"] < record.arms["full"]["encoded_tokens"]
