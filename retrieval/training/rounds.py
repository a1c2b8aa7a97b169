"""The rounds of a training: ask what helps, learn from it, look at what it came to."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Protocol

import numpy as np
import torch

from retrieval.model import RetrieverModel
from retrieval.model_file import save_model
from retrieval.training.candidates import choose_candidates
from retrieval.training.errors import OutOfTimeError
from retrieval.training.figures import Pick, RoundFigures, best_round
from retrieval.training.learner import Learner, Lesson, steps_per_round
from retrieval.training.pools import PooledSample, Purpose
from retrieval.training.progress_file import Condition, read_progress, write_progress
from retrieval.training.torch_ranker import Question, make_question
from retrieval.training.types import RewardModel

PROGRESS_NAME = "progress.safetensors"
MODEL_NAME = "retriever.safetensors"
TOP = 3
"""How many of a ranker's best candidates its mean loss is of."""


_Asked = dict[str, tuple[int, ...]]


class Watcher(Protocol):
    """Hears how far a training is."""

    def expect(self, num_measurements: int) -> None:
        """Hear how many samples are still to be looked at."""
        ...

    def begin(self, description: str) -> None:
        """Hear what happens now."""
        ...

    def finish(self) -> None:
        """Hear that one sample has been looked at."""
        ...

    def tell(self, sentence: str) -> None:
        """Hear something that is to stay on the screen."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train.

    Attributes:
        rounds: Each with candidates of the ranker as it is by then.
        num_candidates: Asked about for each sample and round, beside the stop signal.
        num_explored: How many of these are chosen by chance.
        num_assumed: Candidates that nobody was asked about, in each lesson.
        objective: One of `objectives.OBJECTIVES`.
        epochs: How often a round goes through all samples.
        pace: Times as far as usual, with each step of learning.
        seed: Decides about all that is random.
    """

    rounds: int = 6
    num_candidates: int = 8
    num_explored: int = 2
    num_assumed: int = 16
    objective: str = "soft"
    epochs: int = 3
    pace: float = 1.0
    seed: int = 0


class Training:
    """A training in a folder, where another call goes on with it.

    Args:
        samples: Of both purposes, each with at least one candidate.
        rewards: Asked what helps; it remembers what it has been asked.
        start: What learning begins with.
        settings: How to train.
        folder: Where progress and the best ranker are kept.
        conditions: What must not differ between two calls with one folder.
        watcher: Hears how far it is.

    Raises:
        OtherTrainingError: If the folder belongs to another training.
    """

    def __init__(
        self,
        samples: Sequence[PooledSample],
        rewards: RewardModel,
        start: RetrieverModel,
        settings: TrainingSettings,
        *,
        folder: Path,
        conditions: Mapping[str, Condition],
        watcher: Watcher,
    ) -> None:
        self._samples = [each for each in samples if each.purpose is Purpose.TRAINING]
        self._held_out = [each for each in samples if each.purpose is Purpose.HELD_OUT]
        self._rewards = rewards
        self._start = start
        self._settings = settings
        self._folder = folder
        self._conditions = conditions
        self._watcher = watcher
        num_steps = settings.rounds * steps_per_round(len(self._samples), settings.epochs)
        self._learner = Learner(start, settings.objective, num_steps, settings.pace)
        self._questions: dict[str, Question] = {}
        self._progress = read_progress(folder / PROGRESS_NAME, conditions)
        if self._progress.tensors:
            self._learner.restore(self._progress.tensors)

    @property
    def rounds(self) -> tuple[RoundFigures, ...]:
        """What has come of the rounds so far, the first before any training."""
        return tuple(self._progress.rounds)

    @property
    def is_finished(self) -> bool:
        """Whether all rounds are done."""
        return len(self._progress.rounds) > self._settings.rounds

    def run(self, is_time_over: Callable[[], bool]) -> None:
        """Do what is left.

        Args:
            is_time_over: Asked before each sample.

        Raises:
            OutOfTimeError: If time was over before the end. Another `Training` in the same folder
                goes on; this one is of no use any more.
        """
        while not self.is_finished:
            started_s = time.monotonic()
            figures = self._next_round(_Clock(is_time_over, self._watcher))
            self._keep(replace(figures, seconds=time.monotonic() - started_s))

    def _next_round(self, clock: "_Clock") -> RoundFigures:
        """Do a round; the one before any training only looks at the held-out samples."""
        number, asked = len(self._progress.rounds), dict(self._progress.asked)
        title = f"round {number} of {self._settings.rounds}"
        self._watcher.expect(len(self._held_out) + (len(self._samples) if number else 0))
        training_loss = 0.0
        if number:
            self._watcher.begin(f"{title}: what helps")
            lessons = [self._lesson(each, number, asked) for each in clock.each(self._samples)]
            training_loss = self._learner.learn(
                lessons, epochs=self._settings.epochs, chance=self._chance(number)
            )
        self._watcher.begin(f"{title}: held-out samples")
        picks = tuple(self._pick(each, number, asked) for each in clock.each(self._held_out))
        self._progress.asked = asked
        num_rewards = sum(len(indices) + 1 for indices in asked.values())
        return RoundFigures(number, picks, training_loss, num_rewards)

    def _lesson(self, pooled: PooledSample, number: int, asked: _Asked) -> Lesson:
        """Ask about the ranker's candidates; all that is known of the sample is the lesson.

        Some of those that were never asked about are in it too, taken to be no better than nothing
        and than what was asked about. Only good candidates are asked about, and without the others
        a ranker would unlearn what tells good ones from bad ones.
        """
        key, question = pooled.sample.key, self._question(pooled)
        chance = self._chance(number, key)
        chosen = choose_candidates(
            self._learner.ranker.rank(question)[:-1],
            num_candidates=self._settings.num_candidates,
            num_explored=self._settings.num_explored,
            chance=chance,
        )
        known = _with_more(asked, key, chosen)
        *losses, none = self._rewards.losses(
            pooled.sample, [*(pooled.pool[index] for index in known), None]
        )
        others = [index for index in range(len(pooled.pool)) if index not in known]
        assumed = chance.sample(others, min(len(others), self._settings.num_assumed))
        guess = max(none, fmean(losses))
        return Lesson(
            question.only((*known, *assumed)),
            torch.tensor([*losses, *[guess] * len(assumed), none]),
        )

    def _pick(self, pooled: PooledSample, number: int, asked: _Asked) -> Pick:
        """See what the ranker would choose, and what that brings."""
        scores = self._learner.ranker.rank(self._question(pooled))
        top = [int(index) for index in np.argsort(-scores[:-1], kind="stable")[:TOP]]
        # what the first stage likes is asked about once, so that the oracle has a choice
        first = range(1 if number else min(self._settings.num_candidates, len(pooled.pool)))
        known = _with_more(asked, pooled.sample.key, (*top, *first))
        *losses, none = self._rewards.losses(
            pooled.sample, [*(pooled.pool[index] for index in known), None]
        )
        by_index = dict(zip(known, losses, strict=True))
        return Pick(
            key=pooled.sample.key,
            none=none,
            lexical=by_index[0],
            best=by_index[top[0]],
            top=fmean(by_index[index] for index in top),
            stops=bool(scores[-1] >= scores[top[0]]),
            oracle=min(none, *losses),
        )

    def _keep(self, figures: RoundFigures) -> None:
        """Write the ranker first: a round that is not in the progress is done again as a whole."""
        rounds = self._progress.rounds
        rounds.append(figures)
        if best_round(rounds) is figures:
            model = self._learner.ranker.model({"round": figures.round})
            save_model(model if figures.round else self._start, self._folder / MODEL_NAME)
        self._progress.tensors = self._learner.tensors()
        write_progress(self._folder / PROGRESS_NAME, self._progress, self._conditions)

    def _question(self, pooled: PooledSample) -> Question:
        key = pooled.sample.key
        if key not in self._questions:
            self._questions[key] = make_question(
                pooled.sample.place, pooled.pool, self._learner.ranker.num_buckets
            )
        return self._questions[key]

    def _chance(self, *subject: object) -> random.Random:
        return random.Random(f"{self._settings.seed} {subject}")  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class _Clock:
    """Hands out samples for as long as there is time."""

    is_time_over: Callable[[], bool]
    watcher: Watcher

    def each(self, samples: Sequence[PooledSample]) -> Iterator[PooledSample]:
        for sample in samples:
            if self.is_time_over():
                raise OutOfTimeError
            yield sample
            self.watcher.finish()


def _with_more(asked: _Asked, key: str, indices: Sequence[int]) -> tuple[int, ...]:
    """Add candidates to those that have been asked about, and return them all."""
    asked[key] = tuple(dict.fromkeys((*asked.get(key, ()), *indices)))
    return asked[key]
