"""Waiting until analysers have read ahead."""

from typing import Any, cast

import pytest

from evaluation.errors import CannotMeasureError
from monitors.analysis.host_analyser import HostAnalyser
from warmline.suites import member_analysers
from warmline.suites.member_analysers import settled


class ReadingAnalyser:
    """Is as it is told to be, each time it is looked at; in the end as the last time."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses = list(statuses)

    async def status(self) -> dict[str, Any]:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


STARTING: dict[str, Any] = {"phase": "starting"}
READING = {"host": {"analysers": [{"reading": False}, {"reading": True}]}}
AT_REST = {"host": {"analysers": [{"reading": False}]}}


async def test_analysers_are_waited_for_until_none_of_them_reads() -> None:
    analyser = ReadingAnalyser(STARTING, READING, READING, AT_REST)
    await settled(cast("HostAnalyser", analyser))
    assert analyser.statuses == [AT_REST]


@pytest.mark.parametrize("status", [STARTING, READING])
async def test_one_that_never_rests_cannot_be_measured(
    monkeypatch: pytest.MonkeyPatch, status: dict[str, Any]
) -> None:
    monkeypatch.setattr(member_analysers, "_SETTLE_TIMEOUT_S", 0.05)
    with pytest.raises(CannotMeasureError, match="--cold"):
        await settled(cast("HostAnalyser", ReadingAnalyser(status)))
