"""Who is asked by `warmline eval members`: what a window would ask, for each package anew."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.weights.progress import Progress, ProgressReport, Step
from evaluation.errors import CannotMeasureError
from evaluation.members.arms import ANALYSER, MONITORS, AnalyserArm, Arm, MonitorsArm
from evaluation.members.remembering import RememberingAnalyser
from evaluation.members.workspaces import Workspace
from monitors.analysis.errors import AnalysisError
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.guard import Guard
from warmline.analysis import analysis_environment

_SETTLE_TIMEOUT_S = 60.0
_LOOK_AGAIN_S = 0.02


def installed_host(progress: Progress) -> InstalledHost:
    """Return what starts the analysis host, installing it if need be.

    Raises:
        CannotMeasureError: If it cannot be installed.
    """

    def tell(line: str) -> None:
        progress(ProgressReport(Step.DOWNLOAD, 0, None, line))

    environment = analysis_environment()
    try:
        environment.install(tell)
    except AnalysisError as error:
        raise CannotMeasureError(str(error)) from error
    return InstalledHost(environment, tell)


def analyser_in(workspace: Workspace, host: InstalledHost) -> HostAnalyser:
    """Return an analyser of its own for a workspace."""
    return HostAnalyser(host, (workspace.folder,), interpreter=workspace.interpreter)


async def settled(analyser: HostAnalyser) -> None:
    """Wait until an analyser has read ahead what is open.

    Raises:
        CannotMeasureError: If that takes too long.
    """
    try:
        async with asyncio.timeout(_SETTLE_TIMEOUT_S):
            while _is_reading(await analyser.status()):  # noqa: ASYNC110 -- no event of ours
                await asyncio.sleep(_LOOK_AGAIN_S)
    except TimeoutError as error:
        raise CannotMeasureError(
            f"the analysers still read ahead after {_SETTLE_TIMEOUT_S:g} s; with --cold they are"
            " not waited for"
        ) from error


def _is_reading(status: Mapping[str, Any]) -> bool:
    if "host" not in status:
        return True  # it is being started again
    return any(each["reading"] for each in status["host"]["analysers"])


def arms_in(workspace: Workspace, host: InstalledHost, *, is_cold: bool) -> Mapping[str, Arm]:
    """Return everybody who is asked there, over one analyser, whose times count for each.

    Args:
        workspace: Where.
        host: Starts the analysers.
        is_cold: Whether documents are asked about before they are read ahead.
    """
    asked = analyser_in(workspace, host)
    analyser = RememberingAnalyser(asked)
    settle = None if is_cold else partial(settled, asked)
    return {
        ANALYSER: AnalyserArm(analyser, analyser.now_ms, settle),
        MONITORS: MonitorsArm(Guard(analyser), analyser.now_ms, settle),
    }
