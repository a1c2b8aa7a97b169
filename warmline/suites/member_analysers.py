"""Who is asked by `warmline eval members`: what a window would ask, for each package anew."""

from collections.abc import Mapping

from evaluation.members.arms import ANALYSER, MONITORS, Arm, AnalyserArm, MonitorsArm, StartArm
from evaluation.members.workspaces import Workspace
from monitors.analysis import HostAnalyser
from monitors.guard import Guard


def start_arms() -> Mapping[str, StartArm]:
    """Return what starts each arm in a workspace."""
    return {ANALYSER: _analyser, MONITORS: _monitors}


async def _analyser(workspace: Workspace) -> Arm:
    return AnalyserArm(_host(workspace))


async def _monitors(workspace: Workspace) -> Arm:
    return MonitorsArm(Guard(_host(workspace)))


def _host(workspace: Workspace) -> HostAnalyser:
    return HostAnalyser((workspace.folder,), workspace.interpreter)
