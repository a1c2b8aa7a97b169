"""The engine and the completers of `warmline eval members`: as a window has them, but private."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from completion.completer import Completer
from completion.settings import CompletionSettings
from engine.client.remote import RemoteEngine
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import Phase
from engine.settings import EngineSettings
from evaluation.bench.serving.private_engine import private_engines
from evaluation.decoding.answers import MAX_LINE_TOKENS
from evaluation.errors import CannotMeasureError
from evaluation.members.arms import MonitorsArm
from evaluation.members.asking import Reader
from evaluation.members.desks import StartDesk
from evaluation.members.workspaces import Workspace
from evaluation.members.writing import OFF, ON, WritingDesk, WrittenRecord
from monitors.analysis.launching import InstalledHost
from monitors.guard import Guard
from warmline.headless import COMPLETION_TIMEOUT_MS
from warmline.loading import show_loading
from warmline.suites.member_analysers import analyser_in

PREFIX_TOKENS, SUFFIX_TOKENS = 1024, 256
"""Of a prompt: less than in use, since every site is read anew."""


def engine_settings(arguments: argparse.Namespace) -> EngineSettings:
    """Return the engine's settings, as far as the caller changed them."""
    usual = EngineSettings()
    return replace(
        usual,
        model=arguments.model or usual.model,
        offline=arguments.offline,
        device=arguments.device,
        storage_type=arguments.storage_type,
        threads=arguments.threads,
        snapshots=False,  # no document comes again
        refresh="off",  # and it would compute beside what is timed
    )


def completion_settings(arguments: argparse.Namespace) -> CompletionSettings:
    """Return how suggestions are asked for: one line, from one file, never from memory."""
    return replace(
        CompletionSettings(),
        context_tokens=0,
        prefix_tokens=PREFIX_TOKENS,
        suffix_tokens=SUFFIX_TOKENS,
        multi_line=False,
        max_tokens=MAX_LINE_TOKENS,
        prepare_on_open=False,
        prepare_next=False,
        reuse_suggestions=False,
        timeout_ms=COMPLETION_TIMEOUT_MS,
        analysis_timeout_ms=arguments.budget_ms,
    )


@asynccontextmanager
async def writing_desks(
    arguments: argparse.Namespace, host: InstalledHost
) -> AsyncIterator[StartDesk[WrittenRecord]]:
    """Run an engine of its own, and return what starts two completers over it in a workspace.

    Raises:
        CannotMeasureError: If the engine cannot load the model.
    """
    settings = engine_settings(arguments)
    async with private_engines(settings):
        engine = RemoteEngine(settings, client_name="warmline eval members")
        try:
            await _wait_until_ready(engine)

            async def start(workspace: Workspace) -> WritingDesk:
                return _desk(workspace, engine, arguments, host)

            yield start
        finally:
            await engine.aclose()


async def _wait_until_ready(engine: RemoteEngine) -> None:
    with show_loading(engine):
        await engine.connect()
        state = await engine.wait_ready(LOADING_TIMEOUT_S)
    if state.phase is not Phase.READY:
        raise CannotMeasureError(
            state.message or f"the engine is {state.phase.value}, not ready; its log says why"
        )


def _desk(
    workspace: Workspace, engine: RemoteEngine, arguments: argparse.Namespace, host: InstalledHost
) -> WritingDesk:
    settings, guard = completion_settings(arguments), Guard(analyser_in(workspace, host))
    completers = {
        OFF: Completer(engine, replace(settings, monitors=False), workspace.title),
        ON: Completer(engine, settings, workspace.title, monitors=guard),
    }
    return WritingDesk(workspace, completers, Reader(MonitorsArm(guard), workspace))
