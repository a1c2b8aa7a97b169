"""The model card of a trained retriever, from what was really run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.report import Report, Row
from retrieval.training.figures import RoundFigures, best_round, curve
from retrieval.training.pools import Pools
from retrieval.training.rounds import MODEL_NAME, TrainingSettings
from warmline.training.results import DRAWING_NAME

CARD_NAME = "MODEL_CARD.md"
SETTING = "retriever"
"""Of the server; its value is the path of the file."""


@dataclass(frozen=True, slots=True)
class Described:
    """Everything a card tells.

    Attributes:
        call: The command line, as it could be typed again.
        settings: How it was trained.
        pools: What it was trained on.
        rounds: What came of each round.
        report: The figures, the model and the machine.
        weights: The sha256 of the reward model's weights.
        prompts: How long the reward model's prompts were.
        num_bytes: Of the file.
    """

    call: str
    settings: TrainingSettings
    pools: Pools
    rounds: Sequence[RoundFigures]
    report: Report
    weights: str
    prompts: str
    num_bytes: int


def card_of(described: Described) -> str:
    """Return the card in Markdown."""
    sections = (_beginning, _data, _method, _figures, _limits)
    return "\n".join(line for section in sections for line in section(described))


def _beginning(described: Described) -> Iterator[str]:
    best = best_round(described.rounds)
    yield "# A retriever for Warmline"
    yield ""
    yield (
        f"`{MODEL_NAME}`, {described.num_bytes / 1e6:.1f} MB: the parameters of Warmline's second"
        " stage, which decides what of a repository a code model gets to see, and whether anything"
        f" of it helps. These are those of round {best.round} of {described.settings.rounds}, the"
        " best on samples that nothing was learned from."
    )
    yield ""
    yield (
        f"To use it, set `{SETTING}` in Warmline's settings to the path of the file. It is plain"
        " numbers (safetensors); reading it runs no code."
    )
    yield ""
    yield "Made by:"
    yield ""
    yield f"    {described.call}"
    yield ""


def _data(described: Described) -> Iterator[str]:
    counts = Counter(
        (each.sample.repository, each.purpose.value, each.sample.kind.value)
        for each in described.pools.samples
    )
    yield "## Data"
    yield ""
    yield (
        "Lines of real files, taken out, with what stands around them. `crossfile` lines use a name"
        " that another file of the repository defines, `local` ones only what their own file has,"
        " `line` is any line of code. None of their text is in the retriever's file."
    )
    yield ""
    yield "| source | licence | used for | crossfile | local | line |"
    yield "|---|---|---|---:|---:|---:|"
    for source in described.pools.about["sources"]:
        for purpose in source["purposes"]:
            numbers = " | ".join(
                str(counts[source["repository"], purpose, kind])
                for kind in ("crossfile", "local", "line")
            )
            license_name = source["license"] or "the owner's"
            yield f"| {source['source']} | {license_name} | {purpose} | {numbers} |"
    yield ""
    yield from described.pools.about["complaints"]


def _method(described: Described) -> Iterator[str]:
    settings, report = described.settings, described.report
    minutes = sum(each.seconds for each in described.rounds) / 60
    yield "## How it was trained"
    yield ""
    yield (
        f"In each round the ranker of that time chose {settings.num_candidates} candidates for each"
        f" sample ({settings.num_explored} of them by chance) out of BM25's best 100. A code model"
        " told how well it foresees the true line with each of them alone in its prompt, and with"
        " none: the mean loss of its tokens, of which the first three count five times and names"
        f" three times. The ranker then learned {settings.epochs} times from all that was known"
        f" (objective `{settings.objective}`, seed {settings.seed}, AdamW, batches of 16, every"
        " number pulled back to where it began)."
    )
    yield ""
    yield f"- reward model: {report.model}, sha256 of its weights `{described.weights}`"
    yield f"- prompts: {described.prompts}"
    yield f"- Warmline {report.version} on {report.machine.processor}, {report.machine.cores} cores"
    yield (
        f"- {described.rounds[-1].num_rewards} losses;"
        f" {minutes:.0f} minutes in the calls that ended the rounds"
    )
    yield ""


def _figures(described: Described) -> Iterator[str]:
    yield "## Figures"
    yield ""
    yield (
        "Held-out samples, one chunk at most in the prompt, loss of the true line in nats, weighted"
        " as above; lower is better. 95 % intervals over repositories."
    )
    yield ""
    yield "| samples | arm | figure | value | 95 % | n |"
    yield "|---|---|---|---:|---:|---:|"
    yield from map(_line, described.report.rows)
    yield ""
    yield f"![learning curve]({DRAWING_NAME})"
    yield ""
    yield "| round | chosen | without stop | BM25 | none | best known | stops rightly |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for entry in curve(described.rounds):
        names = ("chosen", "without_stop", "lexical", "none", "oracle", "stops_rightly")
        figures = " | ".join(f"{entry[name]:.3f}" for name in names)
        yield f"| {entry['round']:.0f} | {figures} |"
    yield ""


def _limits(described: Described) -> Iterator[str]:
    yield "## What it is not"
    yield ""
    yield (
        "The held-out samples chose the round, so their figures are a little too good; packages"
        " kept for tests are judged by `warmline eval repo`. It was rewarded by one model, with"
        " short prompts and one chunk at a time. Its table knows the words of its data; words it"
        " has never seen match by being the same word, as before any training."
    )
    yield ""
    notes = [note for note in described.report.notes if note]
    yield from (f"- {note}" for note in notes)


def _line(row: Row) -> str:
    interval = f"{row.low:.3f} to {row.high:.3f}"
    return f"| {row.kind} | {row.arm} | {row.metric} | {row.value:.3f} | {interval} | {row.n} |"
