"""`warmline train-retriever` from the call to the files it leaves."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from engine.decoding.vocabulary import Vocabulary
from engine.weights.location import cache_directory
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError
from retrieval.model import RetrieverModel
from retrieval.model_file import default_model
from retrieval.training.errors import OtherTrainingError, OutOfTimeError, TrainingError
from retrieval.training.reward_cache import CachedRewards
from retrieval.training.rounds import Training, TrainingSettings
from warmline.errors import UsageError, WorkError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.measuring import MeasuredModel, load_measured
from warmline.training.publishing import Call, publish
from warmline.training.rewards import PromptLimits, ServedRewards
from warmline.training.sampling import open_pools, shape_of

_QUICK_LIMITS = PromptLimits(before=128, after=32, chunk=96, truth=16)


def train(arguments: argparse.Namespace) -> int:
    """Train, or go on with it, write what there is, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
        WorkError: If the repositories give nothing to learn from.
    """
    arguments.out.mkdir(parents=True, exist_ok=True)
    try:
        with _alone(arguments.out):
            return _train(arguments, Console(stderr=True, highlight=False))
    except (CannotMeasureError, OtherTrainingError) as error:
        raise UsageError(str(error)) from error
    except TrainingError as error:
        raise WorkError(str(error)) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise UsageError(
            f"another training is under way in {folder}; wait for it, or name another folder with"
            " --out."
        ) from error


def _train(arguments: argparse.Namespace, console: Console) -> int:
    deadline = Deadline(arguments.minutes * 60 if arguments.minutes else None)
    settings = _settings(arguments)
    with watching(console) as audience:
        pools = open_pools(arguments, audience)
    with shown_progress() as progress:
        model = load_measured(arguments, progress)
    rewards = _rewards(model, arguments)
    # the package's own has learned from the corpus already
    start = RetrieverModel.untrained() if arguments.corpus else default_model()
    conditions = {
        **shape_of(arguments),
        "rewards": rewards.identity,
        "start": start.identity,
    }
    with watching(console) as audience:
        training = Training(
            pools.samples,
            CachedRewards(rewards, _reward_file(model)),
            start,
            settings,
            folder=arguments.out,
            conditions=conditions,
            watcher=audience,
        )
        notes, code = _run(training, deadline)
    call = Call(arguments, settings, pools, model, rewards.limits)
    publish(call, training, notes, console)
    return code


def _run(training: Training, deadline: Deadline) -> tuple[tuple[str, ...], int]:
    """Do what there is time for; return what a report says of the rest, and the exit code."""
    try:
        training.run(lambda: deadline.has_passed)
    except OutOfTimeError:
        return ("Time was over before the end; the same call goes on.",), 0
    except KeyboardInterrupt:
        return ("Stopped before the end; the same call goes on.",), ExitCode.INTERRUPTED
    return (), 0


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    return TrainingSettings(
        rounds=arguments.rounds,
        num_candidates=arguments.candidates,
        num_explored=min(arguments.explored, arguments.candidates),
        objective=arguments.objective,
        epochs=arguments.epochs,
        pace=arguments.pace,
        seed=arguments.seed,
    )


def _rewards(model: MeasuredModel, arguments: argparse.Namespace) -> ServedRewards:
    return ServedRewards(
        model.bench.parts,
        model.subject.layout,
        model.subject.tokenization,
        Vocabulary.from_file(model.subject.directory / "tokenizer.json"),
        weights=model.sha256,
        limits=_QUICK_LIMITS if arguments.quick else PromptLimits(),
    )


def _reward_file(model: MeasuredModel) -> Path:
    return cache_directory() / "rewards" / f"{model.sha256[:16]}.jsonl"
