"""What a ranker learns from: samples, token weights, rewards on disk, candidates."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from retrieval.names import names_defined_in, names_in
from retrieval.training.candidates import choose_candidates
from retrieval.training.errors import OtherTrainingError
from retrieval.training.pools import Pools, read_pools, write_pools
from retrieval.training.reward_cache import CachedRewards
from retrieval.training.samples import draw_samples, plain_code_lines
from retrieval.training.token_weights import token_weights, weighted_mean
from retrieval.training.types import SampleKind
from tests.unit.retrieval.teaching import KnowingRewards, small_repository, teaching_samples


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret


def weights(*tokens: str) -> list[float]:
    return token_weights([token.encode() for token in tokens]).tolist()


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [
        # the first three words' tokens count five times, the white space before them once
        (("\n", "    ", "self", ".", "size", " ="), [1, 1, 5, 5, 5, 1]),
        # a name is one with a space before it, inside a token, or cut into pieces
        (("x", " =", " (", " total", "_count", "(", "items"), [5, 5, 5, 3, 3, 1, 3]),
        (("a", ".", "b", ".", "(name", ")"), [5, 5, 5, 1, 3, 1]),
        # keywords are none, whatever stands before them
        (("a", ".", "b", " for", " item", " in", "\n"), [5, 5, 5, 1, 3, 1, 1]),
        # a token that holds only white space is never first and never a name
        (("   ", "\t", "go", "\n"), [1, 1, 5, 1]),
        # numbers are no names; letters outside ASCII are
        (("a", "b", "c", " 42", " größe"), [5, 5, 5, 1, 3]),
        ((), []),
    ],
)
def test_tokens_weigh_as_they_should(tokens: tuple[str, ...], wanted: list[float]) -> None:
    assert weights(*tokens) == wanted


def test_half_a_character_is_part_of_a_name() -> None:
    content = "größe".encode()
    tokens = [b"a", b"b", b"c", b" " + content[:3], content[3:]]
    assert token_weights(tokens).tolist() == [5, 5, 5, 3, 3]


def test_the_mean_is_by_weight() -> None:
    assert weighted_mean(np.array([1.0, 4.0]), np.array([5.0, 1.0])) == 1.5


def test_samples_are_what_they_say() -> None:
    repository = small_repository()
    samples = draw_samples(repository, 12, 0, plain_code_lines)
    kinds = [sample.kind for sample in samples]
    assert {SampleKind.CROSSFILE, SampleKind.LOCAL} <= set(kinds)
    foreign = names_defined_in(repository.texts["shapes.py"])
    for sample in samples:
        needs_shapes = bool(names_in(sample.truth) & foreign)
        if sample.kind is SampleKind.CROSSFILE:
            assert needs_shapes
        if sample.kind is SampleKind.LOCAL:
            assert not needs_shapes


def test_place_and_truth_together_are_the_file() -> None:
    repository = small_repository()
    samples = draw_samples(repository, 12, 3, plain_code_lines)
    assert {sample.key.rsplit(":", 1)[1] for sample in samples} == {"line", "end"}
    for sample in samples:
        place = sample.place
        whole = place.text[: place.offset] + sample.truth + place.text[place.offset :]
        assert whole == repository.texts[place.path]
        assert sample.truth.strip()
        assert sample.truth.startswith("\n") == sample.key.endswith(":end")


def test_more_samples_leave_the_first_ones_and_another_seed_does_not() -> None:
    repository = small_repository()
    few, more = (draw_samples(repository, count, 0, plain_code_lines) for count in (4, 9))
    assert more[:4] == few
    assert draw_samples(repository, 9, 1, plain_code_lines) != more


def test_places_of_one_file_are_apart() -> None:
    samples = draw_samples(small_repository(), 50, 0, plain_code_lines)
    keys = [sample.key for sample in samples if "measure.py" in sample.key]
    lines = sorted(int(key.split(":")[1]) for key in keys)
    assert len(lines) > 3
    assert all(later - earlier >= 6 for earlier, later in pairwise(lines))


def test_pools_come_back_as_they_were(tmp_path: Path) -> None:
    pools = Pools(tuple(teaching_samples(4, 2)), {"seed": 3, "sources": ["made up"]})
    write_pools(tmp_path / "samples.jsonl", pools)
    assert read_pools(tmp_path / "samples.jsonl") == pools


@pytest.mark.parametrize("kept_share", [0.0, 0.9])
def test_a_damaged_file_of_samples_is_refused(tmp_path: Path, kept_share: float) -> None:
    file = tmp_path / "samples.jsonl"
    write_pools(file, Pools(tuple(teaching_samples(1, 1)), {}))
    content = file.read_text()
    file.write_text(content[: int(kept_share * len(content))])
    with pytest.raises(OtherTrainingError, match="does not hold samples"):
        read_pools(file)


def test_a_loss_is_asked_for_once_in_all_runs(tmp_path: Path) -> None:
    pooled = teaching_samples(1, 0)[0]
    contexts = [*pooled.pool, None]
    for is_first in (True, False):
        model = KnowingRewards("schema")
        cached = CachedRewards(model, tmp_path / "losses.jsonl")
        losses = cached.losses(pooled.sample, contexts)
        assert losses == KnowingRewards("schema").losses(pooled.sample, contexts)
        assert len(model.asked) == (len(contexts) if is_first else 0)


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    pooled = teaching_samples(1, 0)[0]
    model = KnowingRewards("schema")
    cached = CachedRewards(model, tmp_path / "losses.jsonl")
    cached.losses(pooled.sample, [None])
    cached.losses(pooled.sample, [*pooled.pool[:2], None])
    assert [path for _, path in model.asked] == ["", *(chunk.path for chunk in pooled.pool[:2])]


def test_losses_of_another_model_or_sample_or_context_are_others(tmp_path: Path) -> None:
    one, other = teaching_samples(2, 0)
    file = tmp_path / "losses.jsonl"
    CachedRewards(KnowingRewards("schema"), file).losses(one.sample, [one.pool[0]])
    same = CachedRewards(KnowingRewards("schema"), file)
    assert same.known(one.sample, [one.pool[0], one.pool[1], None]) != (None,) * 3
    assert same.known(one.sample, [one.pool[1], None]) == (None, None)
    assert same.known(other.sample, [one.pool[0]]) == (None,)
    renamed = CachedRewards(KnowingRewards("schema", identity="another"), file)
    assert renamed.known(one.sample, [one.pool[0]]) == (None,)


@pytest.mark.parametrize("num_lost_bytes", [1, 5, 20])
def test_half_a_line_costs_itself_only(tmp_path: Path, num_lost_bytes: int) -> None:
    """A process that is killed in the middle of a line leaves the lines before and after whole."""
    pooled = teaching_samples(1, 0)[0]
    file = tmp_path / "losses.jsonl"
    first, second, third = pooled.pool[:3]
    for chunk in (first, second):
        CachedRewards(KnowingRewards("schema"), file).losses(pooled.sample, [chunk])
    file.write_bytes(file.read_bytes()[:-num_lost_bytes])
    CachedRewards(KnowingRewards("schema"), file).losses(pooled.sample, [third])
    again = CachedRewards(KnowingRewards("schema"), file)
    known = again.known(pooled.sample, [first, second, third])
    is_lost = num_lost_bytes > 1  # the last byte is the line's end
    assert [loss is None for loss in known] == [False, is_lost, False]


def test_losses_come_back_to_the_last_bit(tmp_path: Path) -> None:
    class Thirds(KnowingRewards):
        def losses(self, sample: object, contexts: Sequence[object]) -> tuple[float, ...]:
            del sample
            return tuple(1 / 3 + index for index in range(len(contexts)))

    pooled = teaching_samples(1, 0)[0]
    file = tmp_path / "losses.jsonl"
    losses = CachedRewards(Thirds(""), file).losses(pooled.sample, pooled.pool)
    assert CachedRewards(KnowingRewards(""), file).known(pooled.sample, pooled.pool) == losses
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_candidates_are_the_best_and_some_others() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.3, 0.8, 0.2], np.float32)
    chosen = choose_candidates(scores, num_candidates=4, num_explored=2, chance=chance(0))
    assert chosen[:2] == (1, 4)
    assert len(set(chosen)) == 4


def test_all_candidates_are_taken_where_there_are_few() -> None:
    scores = np.array([0.1, 0.9], np.float32)
    chosen = choose_candidates(scores, num_candidates=8, num_explored=2, chance=chance(0))
    assert chosen == (1, 0)


def test_exploring_reaches_far_down_but_not_as_often() -> None:
    scores = -np.arange(50, dtype=np.float32)
    picked = [
        choose_candidates(scores, num_candidates=3, num_explored=1, chance=chance(seed))[2]
        for seed in range(300)
    ]
    assert max(picked) > 40
    assert sum(index < 10 for index in picked) > sum(index >= 30 for index in picked)
