"""A training as a whole: it learns what helps, and goes on where it was."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from evaluation.bench.audience import SilentAudience
from retrieval.model import RetrieverModel
from retrieval.model_file import load_model
from retrieval.query import query_of
from retrieval.ranker import LearnedRanker
from retrieval.training import rounds as rounds_module
from retrieval.training.errors import OtherTrainingError, OutOfTimeError
from retrieval.training.figures import Pick, RoundFigures, best_round, curve
from retrieval.training.learner import Learner, Lesson, rate_share
from retrieval.training.pools import PooledSample, Purpose
from retrieval.training.reward_cache import CachedRewards
from retrieval.training.rounds import MODEL_NAME, PROGRESS_NAME, Training, TrainingSettings
from retrieval.training.types import Context, Sample
from tests.unit.retrieval.teaching import KnowingRewards, teaching_samples

SETTINGS = TrainingSettings(rounds=3, num_candidates=4, num_explored=1, epochs=15, pace=8.0)
CONDITIONS = {"seed": 0}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Compute sums this small in one thread; several would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class KilledError(Exception):
    """Stands for the end of a process."""


class MortalRewards(KnowingRewards):
    """Dies when it has been asked so often."""

    def __init__(self, num_calls: int) -> None:
        super().__init__("views")
        self._num_calls = num_calls

    def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
        self._num_calls -= 1
        if self._num_calls < 0:
            raise KilledError
        return super().losses(sample, contexts)


def start_model() -> RetrieverModel:
    return RetrieverModel.untrained(0, num_buckets=256, dimensions=32)


def training(folder: Path, rewards: KnowingRewards, settings: TrainingSettings) -> Training:
    return Training(
        teaching_samples(),
        CachedRewards(rewards, folder / "losses.jsonl"),
        start_model(),
        settings,
        folder=folder,
        conditions=CONDITIONS,
        watcher=SilentAudience(),
    )


def train(folder: Path, rewards: KnowingRewards, settings: TrainingSettings = SETTINGS) -> Training:
    folder.mkdir(exist_ok=True)
    each = training(folder, rewards, settings)
    each.run(lambda: False)
    return each


def helpful_first(model: RetrieverModel, samples: Sequence[PooledSample]) -> float:
    """Return the share of samples with a helpful chunk in front, where one is needed."""
    ranker, firsts = LearnedRanker(model), []
    for each in samples:
        place = each.sample.place
        if "plainly" in place.text:
            continue
        scores = ranker.rank(place, query_of(place), each.pool).scores
        firsts.append(each.pool[int(scores.argmax())].path.startswith("views"))
    return sum(firsts) / len(firsts)


@pytest.mark.parametrize("objective", ["soft", "best"])
def test_what_helps_rises_to_the_front_on_samples_never_learned_from(
    tmp_path: Path, objective: str
) -> None:
    settings = replace(SETTINGS, objective=objective)
    rounds = train(tmp_path, KnowingRewards("views"), settings).rounds
    held_out = [each for each in teaching_samples() if each.purpose is Purpose.HELD_OUT]
    assert helpful_first(start_model(), held_out) == 0.0
    assert helpful_first(load_model(tmp_path / MODEL_NAME), held_out) == 1.0
    assert best_round(rounds).chosen < rounds[0].chosen - 0.2


def test_it_is_the_rewards_that_teach(tmp_path: Path) -> None:
    train(tmp_path, KnowingRewards("notes"))
    assert helpful_first(load_model(tmp_path / MODEL_NAME), teaching_samples()) == 0.0


def test_it_learns_to_say_that_nothing_helps(tmp_path: Path) -> None:
    rounds = train(tmp_path, KnowingRewards("views"), replace(SETTINGS, rounds=5)).rounds
    assert best_round(rounds).summary()["stops_rightly"] > rounds[0].summary()["stops_rightly"]
    assert any(pick.stops for pick in best_round(rounds).picks)


@pytest.mark.parametrize("num_calls", [0, 10, 42, 52, 70])
def test_a_training_that_was_killed_ends_like_one_that_was_not(
    tmp_path: Path, num_calls: int
) -> None:
    whole = train(tmp_path / "whole", KnowingRewards("views"))
    with pytest.raises(KilledError):
        train(tmp_path / "killed", MortalRewards(num_calls))
    again = train(tmp_path / "killed", KnowingRewards("views"))
    assert without_time(again.rounds) == without_time(whole.rounds)
    model, other = (load_model(tmp_path / name / MODEL_NAME) for name in ("whole", "killed"))
    assert model.identity == other.identity


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        train(tmp_path, MortalRewards(60))
    rest = KnowingRewards("views")
    train(tmp_path, rest)
    alone = KnowingRewards("views")
    train(tmp_path / "alone", alone)
    assert len(set(rest.asked)) == len(rest.asked) < len(alone.asked)


def test_time_that_is_over_ends_it_between_two_samples(tmp_path: Path) -> None:
    rewards = KnowingRewards("views")
    each = training(tmp_path, rewards, SETTINGS)
    answers = iter([False] * 4)
    with pytest.raises(OutOfTimeError):
        each.run(lambda: next(answers, True))
    assert len({key for key, _ in rewards.asked}) == 4
    assert without_time(train(tmp_path, rewards).rounds) == without_time(
        train(tmp_path / "whole", KnowingRewards("views")).rounds
    )


def test_a_finished_training_asks_nothing(tmp_path: Path) -> None:
    first = train(tmp_path, KnowingRewards("views"))
    rewards = KnowingRewards("views")
    second = train(tmp_path, rewards)
    assert second.is_finished
    assert second.rounds == first.rounds
    assert not rewards.asked


def test_another_training_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    train(tmp_path, KnowingRewards("views"))
    with pytest.raises(OtherTrainingError, match="seed 0 and now it is 1"):
        Training(
            teaching_samples(),
            KnowingRewards("views"),
            start_model(),
            SETTINGS,
            folder=tmp_path,
            conditions={"seed": 1},
            watcher=SilentAudience(),
        )


def test_damaged_progress_is_refused(tmp_path: Path) -> None:
    train(tmp_path, KnowingRewards("views"))
    file = tmp_path / PROGRESS_NAME
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(OtherTrainingError, match="does not hold the progress"):
        training(tmp_path, KnowingRewards("views"), SETTINGS)


def test_the_best_round_is_kept_and_not_the_last(tmp_path: Path) -> None:
    """A ranker that is told the opposite after some time gets worse, and is not kept."""

    class Fickle(KnowingRewards):
        def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
            is_held_out = int(sample.key.rsplit("/", 1)[1]) >= 32
            told = KnowingRewards("views" if is_held_out else "notes")
            return told.losses(sample, contexts)

    rounds = train(tmp_path, Fickle("")).rounds
    assert best_round(rounds).chosen <= min(figures.chosen for figures in rounds)
    kept = load_model(tmp_path / MODEL_NAME).training.get("round", 0)
    assert kept == best_round(rounds).round


def test_what_nobody_was_asked_about_counts_as_no_help(tmp_path: Path) -> None:
    """Or else a ranker that only sees its own favourites forgets what the others lack."""
    lessons: list[Lesson] = []

    class Listening(Learner):
        def learn(self, given: Sequence[Lesson], **how: Any) -> float:
            lessons.extend(given)
            return super().learn(given, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds_module, "Learner", Listening)
        train(tmp_path, KnowingRewards("views"), replace(SETTINGS, rounds=1, num_candidates=2))
    for lesson in lessons:
        assert lesson.question.chunks.num_texts == len(lesson.losses) - 1 == 6
        *losses, none = lesson.losses.tolist()
        assert none == 2.0
        assert all(loss >= none for loss in losses[2:])


def test_figures_follow_from_picks() -> None:
    helped = Pick("a", none=2.0, lexical=1.8, best=1.5, top=1.7, stops=False, oracle=1.0)
    stopped = Pick("b", none=1.0, lexical=1.4, best=1.2, top=1.3, stops=True, oracle=1.0)
    misled = Pick("c", none=1.0, lexical=1.1, best=1.3, top=1.3, stops=False, oracle=0.9)
    figures = RoundFigures(1, (helped, stopped, misled))
    summary = figures.summary()
    assert figures.chosen == pytest.approx((1.5 + 1.0 + 1.3) / 3)
    assert summary["stops_rightly"] == pytest.approx(2 / 3)
    assert summary["oracle_share"] == pytest.approx((4.0 - 3.8) / (4.0 - 2.9))
    better_known = RoundFigures(2, tuple(replace(pick, oracle=0.5) for pick in figures.picks))
    first, last = curve([figures, better_known])
    assert first["oracle"] == last["oracle"] == 0.5


def test_rates_rise_and_fall() -> None:
    shares = [rate_share(step, 100) for step in range(120)]
    assert shares[0] == pytest.approx(0.05)
    assert max(shares) == shares[19] == pytest.approx(1.0)
    assert shares[99] == shares[119] == pytest.approx(0.1)


def without_time(rounds: Sequence[RoundFigures]) -> list[RoundFigures]:
    return [replace(figures, seconds=0.0) for figures in rounds]
