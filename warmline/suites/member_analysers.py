"""Who is asked by `warmline eval members`: what a window would ask, for each package anew."""

from collections.abc import Mapping

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


def arms_in(workspace: Workspace, host: InstalledHost) -> Mapping[str, Arm]:
    """Return everybody who is asked there, over one analyser, whose times count for each."""
    analyser = RememberingAnalyser(analyser_in(workspace, host))
    return {
        ANALYSER: AnalyserArm(analyser, analyser.now_ms),
        MONITORS: MonitorsArm(Guard(analyser), analyser.now_ms),
    }
