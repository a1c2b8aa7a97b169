"""The completers of `warmline eval members`, over an engine of their own."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from completion.completer import Completer
from engine.client.remote import RemoteEngine
from evaluation.members.arms import MonitorsArm
from evaluation.members.asking import Reader
from evaluation.members.desks import StartDesk
from evaluation.members.workspaces import Workspace
from evaluation.members.writing import OFF, ON, WritingDesk, WrittenRecord
from monitors.analysis.launching import InstalledHost
from monitors.guard import Guard
from warmline.suites.member_analysers import analyser_in
from warmline.suites.writing_engine import engine_settings, line_settings, writing_engine


@asynccontextmanager
async def writing_desks(
    arguments: argparse.Namespace, host: InstalledHost
) -> AsyncIterator[StartDesk[WrittenRecord]]:
    """Run an engine of its own, and return what starts two completers over it in a workspace.

    Raises:
        CannotMeasureError: If the engine cannot load the model.
    """
    settings = engine_settings(arguments)
    async with writing_engine(settings, "warmline eval members") as engine:

        async def start(workspace: Workspace) -> WritingDesk:
            return _desk(workspace, engine, arguments, host)

        yield start


def _desk(
    workspace: Workspace, engine: RemoteEngine, arguments: argparse.Namespace, host: InstalledHost
) -> WritingDesk:
    settings = replace(line_settings(), analysis_timeout_ms=arguments.budget_ms)
    guard = Guard(analyser_in(workspace, host))
    completers = {
        OFF: Completer(engine, replace(settings, monitors=False), workspace.title),
        ON: Completer(engine, settings, workspace.title, monitors=guard),
    }
    return WritingDesk(workspace, completers, Reader(MonitorsArm(guard), workspace))
