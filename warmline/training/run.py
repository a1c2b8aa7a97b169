"""`warmline train-retriever` from the call to the files it leaves."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from engine.decoding.vocabulary import Vocabulary
from engine.weights.location import cache_directory
from evaluation.bench.audience import Audience, watching
from evaluation.bench.plots import can_plot
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError
from evaluation.report import Report, this_machine
from retrieval.model import RetrieverModel
from retrieval.model_file import load_model, save_model
from retrieval.training.errors import (
    NothingToLearnError,
    OtherTrainingError,
    OutOfTimeError,
    TrainingError,
)
from retrieval.training.figures import best_round
from retrieval.training.pools import Pools, Purpose, read_pools, write_pools
from retrieval.training.reward_cache import CachedRewards
from retrieval.training.rounds import MODEL_NAME, Training, TrainingSettings
from warmline import __version__
from warmline.errors import UsageError, WorkError
from warmline.main import ExitCode
from warmline.options import print_json
from warmline.progress import shown_progress
from warmline.suites.measuring import MeasuredModel, load_measured
from warmline.training.card import CARD_NAME, SETTING, Described, card_of
from warmline.training.preparation import prepare
from warmline.training.repositories import Origin, folders, packages
from warmline.training.results import draw_curve, rows_of, save_curve
from warmline.training.rewards import PromptLimits, ServedRewards

COMMAND = "train-retriever"
QUICK_PACKAGES = 2
SAMPLES_NAME = "samples.jsonl"
_WORDS = ("held-out samples", "arm", "figure")
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
        pools = _pools(arguments, audience)
    with shown_progress() as progress:
        model = load_measured(arguments, progress)
    rewards = _rewards(model, arguments)
    with watching(console) as audience:
        training = Training(
            pools.samples,
            CachedRewards(rewards, _reward_file(model)),
            RetrieverModel.untrained(),
            settings,
            folder=arguments.out,
            conditions={**_shape(arguments), "rewards": rewards.identity},
            watcher=audience,
        )
        notes, code = _run(training, deadline)
    call = _Call(arguments, settings, pools, model, rewards.limits)
    _publish(call, training, notes, console)
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
        seed=arguments.seed,
    )


def _shape(arguments: argparse.Namespace) -> dict[str, str | int]:
    """Say what must not differ between two calls with one folder, the model aside."""
    names = ("samples", "held_out", "rounds", "candidates", "explored", "objective", "epochs")
    paths = " ".join(str(path.resolve()) for path in arguments.paths) or "the corpus"
    return {
        "repositories": paths,
        "seed": arguments.seed,
        "quick": arguments.quick,
        **{name.replace("_", " "): getattr(arguments, name) for name in names},
    }


def _pools(arguments: argparse.Namespace, audience: Audience) -> Pools:
    """Return the samples of the folder, which are drawn at the first call.

    Raises:
        OtherTrainingError: If the folder's samples were drawn for another call.
        NothingToLearnError: If there are too few.
    """
    file, shape = arguments.out / SAMPLES_NAME, _shape(arguments)
    if file.is_file():
        pools = read_pools(file)
        _require_same(pools.about["call"], shape, file)
        return pools
    origins, complaints = _origins(arguments)
    wanted = {Purpose.TRAINING: arguments.samples, Purpose.HELD_OUT: arguments.held_out}
    samples = prepare(origins, wanted, arguments.seed, audience)
    for purpose in wanted:
        if not any(each.purpose is purpose for each in samples):
            raise NothingToLearnError(
                f"there is no {purpose.value} sample in what was named: lines of code and at least"
                " two files are needed; name larger repositories."
            )
    about = {"call": shape, "sources": _sources(origins), "complaints": list(complaints)}
    pools = Pools(tuple(samples), about)
    write_pools(file, pools)
    return pools


def _origins(arguments: argparse.Namespace) -> tuple[list[Origin], tuple[str, ...]]:
    if arguments.paths:
        return folders(arguments.paths), ()
    with shown_progress() as progress:
        return packages(progress, QUICK_PACKAGES if arguments.quick else None)


def _sources(origins: Sequence[Origin]) -> list[dict[str, Any]]:
    return [
        {
            "repository": origin.repository.name,
            "source": origin.source,
            "license": origin.license,
            "purposes": sorted(purpose.value for purpose in origin.sampled),
        }
        for origin in origins
    ]


def _require_same(
    found: Mapping[str, str | int], wanted: Mapping[str, str | int], file: Path
) -> None:
    for name, value in wanted.items():
        if found.get(name) != value:
            raise OtherTrainingError(
                f"{file} was made for a training with {name} {found.get(name)!r} and now it is"
                f" {value!r}; name another folder with --out, or delete this one to begin anew."
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


@dataclass(frozen=True, slots=True)
class _Call:
    """What a report and a card tell of a call."""

    arguments: argparse.Namespace
    settings: TrainingSettings
    pools: Pools
    model: MeasuredModel
    limits: PromptLimits

    def report(self, training: Training, notes: Sequence[str]) -> Report:
        return Report(
            command=COMMAND,
            version=__version__,
            machine=this_machine(),
            model=self.model.subject.name,
            seed=self.settings.seed,
            rows=rows_of(training.rounds, self.pools.samples, self.settings.seed),
            notes=(*self.pools.about["complaints"], *notes),
        )


def _publish(call: _Call, training: Training, notes: Sequence[str], console: Console) -> None:
    """Write report, curve and card of what there is, and print the report."""
    folder, rounds = call.arguments.out, training.rounds
    report = call.report(training, notes)
    if rounds:
        _name_origin(call, training, folder / MODEL_NAME)
        save_curve(rounds, folder)
        if can_plot():
            draw_curve(rounds, folder)
        else:
            console.print("no plot: matplotlib is not installed; the extra `bench` has it")
        card = card_of(
            Described(
                call=shlex.join(["warmline", *sys.argv[1:]]),
                settings=call.settings,
                pools=call.pools,
                rounds=rounds,
                report=report,
                weights=call.model.sha256,
                prompts=str(call.limits),
                num_bytes=(folder / MODEL_NAME).stat().st_size,
            )
        )
        (folder / CARD_NAME).write_text(card + "\n", encoding="utf-8")
    if call.arguments.json:
        print_json({**report.to_json(), "retriever": str(folder / MODEL_NAME) if rounds else None})
    else:
        _tell(report, folder, has_model=bool(rounds))


def _name_origin(call: _Call, training: Training, file: Path) -> None:
    """Let the file say how its numbers came about; those before any training have no origin."""
    best = best_round(training.rounds).round
    if not best:
        return
    record = {
        "round": best,
        "settings": asdict(call.settings),
        "sources": [source["source"] for source in call.pools.about["sources"]],
        "samples": len(call.pools.samples),
        "reward_model": call.model.subject.name,
        "reward_weights": call.model.sha256,
        "prompts": asdict(call.limits),
        "version": __version__,
    }
    save_model(replace(load_model(file), training=record), file)


def _tell(report: Report, folder: Path, *, has_model: bool) -> None:
    console = Console(highlight=False)
    if has_model:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("held-out samples", "arm", "figure", "value", "95 %", "n"):
            table.add_column(column, justify="left" if column in _WORDS else "right")
        for row in report.rows:
            interval = f"{row.low:.3f} to {row.high:.3f}"
            table.add_row(row.kind, row.arm, row.metric, f"{row.value:.3f}", interval, str(row.n))
        console.print(table)
        console.print(f"The retriever is {folder / MODEL_NAME}; set `{SETTING}` to use it.")
    for note in report.notes:
        console.print(note, markup=False)
