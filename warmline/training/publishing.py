"""What a training leaves: the retriever with its origin, a report, a curve and a model card."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation.bench.plots import can_plot
from evaluation.report import Report, this_machine
from retrieval.model_file import load_model, save_model
from retrieval.training.figures import best_round
from retrieval.training.pools import Pools
from retrieval.training.rounds import MODEL_NAME, Training, TrainingSettings
from warmline import __version__
from warmline.options import print_json
from warmline.suites.measuring import MeasuredModel
from warmline.training.card import CARD_NAME, SETTING, Described, card_of
from warmline.training.results import draw_curve, rows_of, save_curve
from warmline.training.rewards import PromptLimits

COMMAND = "train-retriever"
_WORDS = ("held-out samples", "arm", "figure")


@dataclass(frozen=True, slots=True)
class Call:
    """What a report and a card tell of a call.

    Attributes:
        arguments: As they were parsed.
        settings: How it trains.
        pools: What it trains on.
        model: Whose rewards it learns from.
        limits: How long that one's prompts are.
    """

    arguments: argparse.Namespace
    settings: TrainingSettings
    pools: Pools
    model: MeasuredModel
    limits: PromptLimits

    def report(self, training: Training, notes: Sequence[str]) -> Report:
        """Return the figures of what there is."""
        return Report(
            command=COMMAND,
            version=__version__,
            machine=this_machine(),
            model=self.model.subject.name,
            seed=self.settings.seed,
            rows=rows_of(training.rounds, self.pools.samples, self.settings.seed),
            notes=(*self.pools.about["complaints"], *notes),
        )


def publish(call: Call, training: Training, notes: Sequence[str], console: Console) -> None:
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


def _name_origin(call: Call, training: Training, file: Path) -> None:
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
