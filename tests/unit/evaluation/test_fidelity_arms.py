"""Each arm is the cache it says it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.cache.parts import CacheParts
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.workbench import Held, Workbench
from evaluation.fidelity.arms import ARMS, Edit, describe
from evaluation.fidelity.variants import after_middle, restated
from tests.unit.evaluation.fidelity_fakes import (
    insertion,
    make_parts,
    prompt_of,
    random_tokens,
    small_prompter,
    typing,
)

LENGTH, AT, INSERTED = 300, 40, 6


@pytest.fixture(scope="module")
def parts() -> CacheParts:
    return make_parts()


@pytest.fixture(scope="module")
def bench(parts: CacheParts) -> Workbench:
    return Workbench(parts, slice_tokens=64)


@pytest.fixture(scope="module")
def edit(bench: Workbench) -> Edit:
    """Some tokens come in, then some more behind them."""
    generator = np.random.default_rng(0)
    tokens = random_tokens(generator, LENGTH)
    states = [tokens]
    for _ in range(2):
        new = random_tokens(generator, INSERTED // 2)
        states.append(np.insert(states[-1], AT + INSERTED // 2, new).astype(np.int32))
    prompts = tuple(prompt_of(each) for each in states)
    return Edit(insertion(), prompts, bench.read(prompts[0]), small_prompter())


def hold(name: str, bench: Workbench, edit: Edit) -> Held:
    held = ARMS[name](bench, edit)
    assert held is not None
    return held


def keys_of(held: Held, start: int, stop: int) -> torch.Tensor:
    return held.cache.arena.keys[:, :, start:stop]


@pytest.mark.parametrize("name", sorted(set(ARMS) - {"ignore", "restate", "after-middle"}))
def test_every_arm_holds_the_last_prompt(name: str, bench: Workbench, edit: Edit) -> None:
    held = hold(name, bench, edit)
    np.testing.assert_array_equal(held.cache.tokens, edit.prompts[-1].tokens)
    assert held.logits.shape == (97,)
    assert edit.before.cache.exact_prefix == LENGTH, "the first cache was changed"


def test_ignoring_holds_the_first_prompt_and_costs_nothing(bench: Workbench, edit: Edit) -> None:
    held = hold("ignore", bench, edit)
    np.testing.assert_array_equal(held.cache.tokens, edit.prompts[0].tokens)
    assert (held.encoded_tokens, held.ms) == (0, 0.0)


def test_full_floor_and_refreshed_are_exact(bench: Workbench, edit: Edit) -> None:
    """They differ in rounding only; in float32 that is next to nothing."""
    full = hold("full", bench, edit)
    for name in ("floor", "refreshed"):
        held = hold(name, bench, edit)
        assert held.cache.exact_prefix == LENGTH + INSERTED
        torch.testing.assert_close(held.logits, full.logits, rtol=1e-4, atol=1e-4)
    assert full.encoded_tokens == LENGTH + INSERTED


def test_slices_that_were_just_read_are_not_read_again(bench: Workbench) -> None:
    """What comes out is a fresh prefill to the bit, and is told as one."""
    generator = np.random.default_rng(2)
    tokens = random_tokens(generator, LENGTH)
    before = bench.read(prompt_of(tokens))
    for at in (10, 64, 200, LENGTH):
        prompt = prompt_of(np.insert(tokens, at, random_tokens(generator, 5)).astype(np.int32))
        fresh, like = bench.read(prompt), bench.read_like(before, prompt)
        assert torch.equal(like.logits, fresh.logits)
        assert torch.equal(keys_of(like, 0, LENGTH + 5), keys_of(fresh, 0, LENGTH + 5))
        assert like.encoded_tokens == fresh.encoded_tokens == LENGTH + 5
        assert len(like.pass_ms) == len(fresh.pass_ms) - at // 64
        assert like.ms > like.pass_ms[-1]


def test_rotation_encodes_what_is_new_and_the_last_token(bench: Workbench, edit: Edit) -> None:
    assert hold("rotate", bench, edit).encoded_tokens == INSERTED + 1


def test_stale_keys_stay_turned_to_where_they_were(bench: Workbench, edit: Edit) -> None:
    """Values are those of rotation in the moved rows, keys those of before the edit."""
    stale, rotated = hold("stale", bench, edit), hold("rotate", bench, edit)
    moved = AT + INSERTED // 2 + INSERTED, LENGTH + INSERTED - 1
    before = keys_of(edit.before, moved[0] - INSERTED, moved[1] - INSERTED)
    assert torch.equal(keys_of(stale, *moved), before)
    assert not torch.equal(keys_of(rotated, *moved), before)
    values = (each.cache.arena.values[:, :, moved[0] : moved[1]] for each in (stale, rotated))
    assert torch.equal(*values)


def test_new_tokens_of_a_stale_cache_are_turned_to_where_they_stand(
    bench: Workbench, edit: Edit
) -> None:
    stale, full = hold("stale", bench, edit), hold("full", bench, edit)
    new = AT + INSERTED // 2, AT + INSERTED // 2 + INSERTED
    torch.testing.assert_close(keys_of(stale, *new), keys_of(full, *new), rtol=1e-4, atol=1e-4)


def test_the_default_follows_every_state(bench: Workbench, edit: Edit) -> None:
    """What is counted is the last sync: half of the tokens were there before."""
    syncs: list[int] = []

    class WatchedBench(Workbench):
        def change(self, cache, prompts) -> Held:  # type: ignore[no-untyped-def]  # noqa: ANN001
            syncs.append(len(prompts))
            return super().change(cache, prompts)

    watched = WatchedBench(bench.parts, bench.slice_tokens)
    edit = replace(edit, followed={})
    hold("default", watched, edit)
    hold("refreshed", watched, edit)
    hold("rotate", watched, edit)
    assert syncs == [2, 1]


def test_a_refresh_leaves_the_cache_of_the_default_as_it_is(bench: Workbench, edit: Edit) -> None:
    """Both start from the same work, and the default is asked after the refresh is done."""
    default, refreshed = hold("default", bench, edit), hold("refreshed", bench, edit)
    assert default.cache.exact_prefix < refreshed.cache.exact_prefix == LENGTH + INSERTED


def test_a_description_names_every_parameter() -> None:
    """It goes into a journal, and other processes must write the same."""
    assert describe(ARMS["rotate"]).startswith("mend(")
    assert describe(ARMS["stale"]) != describe(ARMS["rotate"])
    assert all(" at 0x" not in describe(arm) for arm in ARMS.values())
    assert describe(ARMS["head"]) != describe(ARMS["tail"])


def test_a_prompt_that_shrinks_is_refreshed_too(bench: Workbench) -> None:
    tokens = random_tokens(np.random.default_rng(1), LENGTH)
    shorter = np.delete(tokens, slice(AT, AT + INSERTED)).astype(np.int32)
    prompts = (prompt_of(tokens), Prompt(shorter, len(shorter), ""))
    edit = Edit(insertion(), prompts, bench.read(prompts[0]), small_prompter())
    full, refreshed = hold("full", bench, edit), hold("refreshed", bench, edit)
    torch.testing.assert_close(refreshed.logits, full.logits, rtol=1e-4, atol=1e-4)


def test_typed_text_may_stand_behind_the_middle_marker() -> None:
    """What stood there before is byte for byte what it was."""
    prompter, case = small_prompter(), typing()
    variant, first = after_middle(case, prompter), prompter.prompts(case)[0]
    assert variant is not None
    np.testing.assert_array_equal(variant.tokens[: len(first.tokens)], first.tokens)
    typed = variant.tokens[len(first.tokens) :]
    np.testing.assert_array_equal(typed, prompter.encode("if x == 1:\n    "))
    assert after_middle(replace(case, states=case.states[:1] * 2), prompter) is None
    assert after_middle(insertion(), prompter) is None


def test_edited_lines_may_be_told_again_before_the_cursor() -> None:
    prompter, case = small_prompter(), insertion()
    variant = restated(case, prompter)
    assert variant is not None
    comment = "    # Edited above:\n    # def add_x(left):\n    # return left\n"
    np.testing.assert_array_equal(variant.tokens, prompter.encode(case.states[-1].text + comment))
    assert restated(replace(case, states=case.states[::-1]), prompter) is None
    assert restated(typing(), prompter) is None
