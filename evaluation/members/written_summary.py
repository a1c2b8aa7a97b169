"""From what was written at sites, and what a type checker says of it, to rows, tables and plots."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from evaluation.comparison.cases import OF_DIFFERENCES, Cases, Figure
from evaluation.comparison.plots import Plot
from evaluation.comparison.tables import Style
from evaluation.intervals import Estimate, Values
from evaluation.members.asked_summary import RARE, title_of
from evaluation.members.checking.verdicts import Verdict
from evaluation.members.site import KINDS
from evaluation.members.writing import OFF, ON, WrittenRecord
from evaluation.report import Parameter, Row

JUDGED = " (judged)"
"""Behind a kind: only sites at which the type checker knows what may stand there."""
_WRITTEN = ("offered", "next_identifier", "em")
_CHECKED = ("undefined", "undefined_here", "typecheck_worse", "errors")
_KNOWN = ("covered", "constrained")
_COMPARED = ("next_identifier", "em", "ms")
_UNITS = {"errors": "errors", "ms": "ms", "waited_ms": "ms"}


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site's record with its verdict, if there is one.

    Attributes:
        kind, package, is_rare: Of the site.
        is_checked: Whether there is a verdict.
        is_judged: As `Verdict`.
        arms: Figures of both by metric, by arm.
    """

    kind: str
    package: str
    is_rare: bool
    is_checked: bool
    is_judged: bool
    arms: Mapping[str, Mapping[str, float]]


def rows_of(
    written: Sequence[WrittenRecord],
    verdicts: Mapping[str, Verdict],
    seed: int,
    params: Mapping[str, Parameter],
) -> tuple[Row, ...]:
    """Return a row for each kind, arm and metric, and for each paired difference.

    Rare names are kinds of their own, and so are sites at which the checker knows the names.

    Args:
        written: All records.
        verdicts: By key, as far as there are any.
        seed: Decides about the draws of the intervals.
        params: Conditions of all sites.
    """
    subsets: Mapping[str, Callable[[SiteRecord], bool]] = {
        "": lambda _record: True,
        RARE: lambda record: record.is_rare,
        JUDGED: lambda record: record.is_judged,
    }
    records = [_joined(each, verdicts.get(each.key)) for each in written]
    tables = (
        _Table(kind + suffix, own, seed, params)
        for kind in KINDS
        for suffix, belongs in subsets.items()
        if (own := [each for each in records if each.kind == kind and belongs(each)])
    )
    return tuple(chain.from_iterable(table.rows() for table in tables))


def _joined(written: WrittenRecord, verdict: Verdict | None) -> SiteRecord:
    checked = verdict.arms if verdict else {}
    return SiteRecord(
        kind=written.kind,
        package=written.package,
        is_rare=written.is_rare,
        is_checked=verdict is not None,
        is_judged=verdict is not None and verdict.is_judged,
        arms={arm: {**figures, **checked.get(arm, {})} for arm, figures in written.arms.items()},
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one kind, or of a part of it."""

    kind: str
    records: Sequence[SiteRecord]
    seed: int
    params: Mapping[str, Parameter]

    def rows(self) -> Iterator[Row]:
        everything = self._cases(self.records)
        checked = self._cases([each for each in self.records if each.is_checked])
        for arm in (OFF, ON):
            yield from self._means(everything, arm, _WRITTEN)
            yield self._medians(everything, arm, "ms")
            yield from self._means(checked, arm, _CHECKED)
        yield from self._known(everything, checked)
        yield from self._differences(everything, _COMPARED)
        yield from self._differences(checked, _CHECKED)
        yield self._times(everything)

    def _cases(self, records: Sequence[SiteRecord]) -> Cases[SiteRecord]:
        return Cases(records, (OFF, ON), self.seed)

    def _means(self, cases: Cases[SiteRecord], arm: str, metrics: Sequence[str]) -> Iterator[Row]:
        for metric in metrics if cases.records else ():
            estimate = cases.resamples.mean(cases.values(arm, metric))
            yield self._row(cases, Figure(arm, metric, _unit(metric), "mean"), estimate)

    def _medians(self, cases: Cases[SiteRecord], arm: str, metric: str) -> Row:
        estimate = cases.resamples.median(cases.values(arm, metric))
        return self._row(cases, Figure(arm, metric, _unit(metric), "median"), estimate)

    def _known(self, everything: Cases[SiteRecord], checked: Cases[SiteRecord]) -> Iterator[Row]:
        """Yield what only monitors have: what they knew, and what that was worth."""
        yield from self._means(everything, ON, (*_KNOWN, "waited_ms"))
        yield self._share(everything, ON, "excluded_truth", "constrained")
        if checked.records:
            for arm in (OFF, ON):
                covered = checked.values(ON, "covered")
                yield self._row(
                    checked,
                    Figure(arm, "undefined_covered", "share", "of sites that monitors covered"),
                    checked.resamples.ratio(
                        checked.values(arm, "undefined_here") * covered, covered
                    ),
                )

    def _share(self, cases: Cases[SiteRecord], arm: str, metric: str, over: str) -> Row:
        estimate = cases.resamples.ratio(cases.values(arm, metric), cases.values(arm, over))
        return self._row(cases, Figure(arm, metric, "share", f"of {over}"), estimate)

    def _differences(self, cases: Cases[SiteRecord], metrics: Sequence[str]) -> Iterator[Row]:
        for metric in metrics if cases.records else ():
            difference: Values = cases.values(ON, metric) - cases.values(OFF, metric)
            estimate = cases.resamples.mean(difference)
            figure = Figure(ON, metric, _unit(metric), OF_DIFFERENCES, f"-{OFF}")
            yield self._row(cases, figure, estimate)

    def _times(self, cases: Cases[SiteRecord]) -> Row:
        estimate = cases.resamples.ratio_of_medians(cases.values(ON, "ms"), cases.values(OFF, "ms"))
        return self._row(cases, Figure(ON, "ms", "times", "ratio of medians", f"/{OFF}"), estimate)

    def _row(self, cases: Cases[SiteRecord], figure: Figure, estimate: Estimate) -> Row:
        return figure.row(self.kind, cases, estimate, self.params)


def _unit(metric: str) -> str:
    return _UNITS.get(metric, "share")


STYLE = Style(
    arm_metrics=(
        *("next_identifier", "em", "undefined", "undefined_covered", "typecheck_worse"),
        *("covered", "constrained", "excluded_truth", "ms"),
    ),
    pair_metrics=(
        *(f"{metric}-{OFF}" for metric in ("next_identifier", "em", "undefined")),
        *(f"typecheck_worse-{OFF}", f"ms/{OFF}"),
    ),
    bold_arm=ON,
    reading=(
        "In brackets 95 % intervals, bootstrapped over packages. `ms` is a median, the others are"
        " means; `on-off` are means of differences, site by site. (rare): names that hardly any"
        " other file has. (judged): sites at which the type checker knows what may stand there."
        " More figures are in report.json."
    ),
    title=title_of,
)
_COLOURS = {OFF: "#5b6c9d", ON: "#0b6e4f"}


def _plot(metric: str, label: str) -> Plot:
    return Plot(
        label,
        lambda row: row.metric == metric and "against" not in row.params,
        colours=_COLOURS,
    )


PLOTS: Mapping[str, Plot] = {
    "undefined": _plot("undefined", "share of sites with a name that does not exist"),
    "next-identifier": _plot("next_identifier", "share of sites with the true name first"),
    "typecheck-worse": _plot("typecheck_worse", "share of files with more errors than before"),
}
