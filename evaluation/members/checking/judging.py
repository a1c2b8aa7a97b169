"""All that was written and not judged yet, package by package."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaluation.bench.audience import Audience
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError
from evaluation.journal import Journal
from evaluation.members.checking.checker import Checker
from evaluation.members.checking.verdicts import Verdict, WrittenSite, judge
from evaluation.members.workspaces import Workspace
from evaluation.shards.run import Outcome

SITES_AT_ONCE = 16
"""Checked in one run of a checker, which takes seconds to start: four drafts each at most."""


@dataclass(frozen=True, slots=True)
class Court:
    """Who judges.

    Attributes:
        checkers: By the language of a package.
        workspaces: Of each package, by its title.
    """

    checkers: Mapping[str, Checker]
    workspaces: Mapping[str, Workspace]

    def judge_all(
        self,
        written: Sequence[WrittenSite],
        journal: Journal[Verdict],
        deadline: Deadline,
        audience: Audience,
    ) -> Outcome:
        """Judge what the journal does not hold yet, until the deadline or Ctrl-C."""
        waiting = [each for each in written if each.site.key not in journal]
        outcome = Outcome(num_left=len(waiting))
        audience.expect(len(waiting))
        try:
            for batch in _batches(waiting):
                if deadline.has_passed:
                    break
                audience.begin(f"{outcome.num_left} of {len(waiting)} sites still to be checked")
                self._judge(batch, journal, outcome)
                for _ in batch:
                    audience.finish()
        except KeyboardInterrupt:
            outcome.is_interrupted = True
        return outcome

    def _judge(
        self, batch: Sequence[WrittenSite], journal: Journal[Verdict], outcome: Outcome
    ) -> None:
        workspace = self.workspaces[batch[0].site.package]
        try:
            verdicts = judge(batch, self.checkers[workspace.language], workspace)
        except CannotMeasureError as error:
            outcome.complaints.append(str(error))
        else:
            for verdict in verdicts:
                journal.add(verdict)
        outcome.num_left -= len(batch)


def _batches(written: Sequence[WrittenSite]) -> Iterator[list[WrittenSite]]:
    by_package: defaultdict[str, list[WrittenSite]] = defaultdict(list)
    for each in written:
        by_package[each.site.package].append(each)
    for own in by_package.values():
        for start in range(0, len(own), SITES_AT_ONCE):
            yield own[start : start + SITES_AT_ONCE]
