"""The engine of suites that have suggestions written: as windows have it, but private."""

import argparse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from completion.settings import CompletionSettings
from engine.client.remote import RemoteEngine
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import Phase
from engine.settings import EngineSettings
from evaluation.bench.serving.private_engine import private_engines
from evaluation.decoding.answers import MAX_LINE_TOKENS
from evaluation.errors import CannotMeasureError
from evaluation.report import Parameter, this_machine
from warmline import __version__
from warmline.headless import COMPLETION_TIMEOUT_MS
from warmline.loading import show_loading

PREFIX_TOKENS, SUFFIX_TOKENS = 1024, 256
"""Of a prompt: less than in use, since every place is read anew."""


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


def line_settings() -> CompletionSettings:
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
        show_threshold=0,
        adaptive_delay=False,
        timeout_ms=COMPLETION_TIMEOUT_MS,
    )


def conditions_of_writing(
    command: str, arguments: argparse.Namespace, params: Mapping[str, Parameter]
) -> dict[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    settings = engine_settings(arguments)
    return {
        "command": command,
        "version": __version__,
        "model": settings.model,
        "storage type": settings.storage_type,
        "device": settings.device,
        "processor": this_machine().processor,
        "threads": settings.threads,
        "seed": arguments.seed,
        **params,
    }


@asynccontextmanager
async def writing_engine(settings: EngineSettings, client_name: str) -> AsyncIterator[RemoteEngine]:
    """Run an engine of its own, and return it when its model is loaded.

    Raises:
        CannotMeasureError: If it cannot load the model.
    """
    async with private_engines(settings):
        engine = RemoteEngine(settings, client_name=client_name)
        try:
            with show_loading(engine):
                await engine.connect()
                state = await engine.wait_ready(LOADING_TIMEOUT_S)
            if state.phase is not Phase.READY:
                raise CannotMeasureError(
                    state.message
                    or f"the engine is {state.phase.value}, not ready; its log says why"
                )
            yield engine
        finally:
            await engine.aclose()
