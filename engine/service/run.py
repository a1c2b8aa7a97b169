"""The service as a process: signals, logging, and the real model."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from engine.errors import EngineUnavailableError
from engine.permanent import permanent
from engine.protocol.endpoint import Endpoint, endpoint_for
from engine.service.encoders import NO_ENCODERS, EncoderLimits
from engine.service.host import Load, LoadProgress
from engine.service.limits import UNLIMITED, RefreshLimits
from engine.service.logs import log_to_standard_error
from engine.service.priority import give_way
from engine.service.server import EngineServer
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings

if TYPE_CHECKING:  # imports torch
    from engine.encoding.encoder import TransformerEncoder

_LOG = logging.getLogger(__name__)
_FRACTION_TO_PREPARE = 0.8  # of loading, if the weights must be converted first
_PROCESS_ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "5000",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
    "LRU_CACHE_CAPACITY": "64",
}
"""Threads that wait for each other spin for some microseconds, then sleep. Spinning for long,
as is usual, made a pass through the model several times slower wherever something else, such
as a compiler, used the same cores; not spinning at all made small products twice as slow.

Products with prepared weights leave up to a megabyte in each of two caches of oneDNN's for every
number of rows they meet, and corrections meet hundreds: a gigabyte in the end, by the usual
limits of 1,024. With 64 they are no slower."""


def run_engine(settings: EngineSettings) -> int:
    """Serve the model of `settings` in the foreground; returns the exit code."""

    def load(progress: LoadProgress) -> LoadedModel:
        with permanent():
            return load_real_model(settings, progress)

    give_way()
    return serve_in_foreground(
        lambda: endpoint_for(settings.model),
        load,
        cache_budget_bytes=settings.cache_budget_mb * 2**20,
        idle_exit_s=settings.idle_exit_s,
        limits=RefreshLimits.of(settings),
        encoders=EncoderLimits(
            load=partial(load_encoder, settings=settings),
            budget_bytes=settings.encoder_budget_mb * 2**20,
        ),
    )


def serve_in_foreground(
    find_endpoint: Callable[[], Endpoint],
    load: Load,
    cache_budget_bytes: int,
    idle_exit_s: float,
    *,
    limits: RefreshLimits = UNLIMITED,
    encoders: EncoderLimits = NO_ENCODERS,
) -> int:
    """Serve until stopped by a signal, a client or idleness; returns the exit code."""
    log_to_standard_error()

    async def serve() -> bool:
        server = EngineServer(
            find_endpoint(),
            load,
            cache_budget_bytes,
            idle_exit_s,
            limits=limits,
            encoders=encoders,
        )
        _stop_on_signals(server)
        asyncio.get_running_loop().set_exception_handler(partial(_stop_without_memory, server))
        return await server.serve()

    try:
        has_ended = asyncio.run(serve())
    except EngineUnavailableError as error:
        _LOG.error("%s", error)  # a sentence for people says it all
        return 1
    if not has_ended:
        _LOG.error("The model did not stop in time; the process ends without it.")
        logging.shutdown()
        os._exit(1)  # an orderly end would tear the model down under its own thread
    return 0


def load_real_model(settings: EngineSettings, progress: LoadProgress) -> LoadedModel:
    """Find the weights, converted if need be, and load them. Downloads nothing.

    Runs on the worker's thread. Imports torch only now, because that takes seconds and
    clients are to get their first answer before.
    """
    os.environ.update(process_environment())  # read once, when torch is imported
    from engine.decoding.drafts.costs import (  # noqa: PLC0415
        BFLOAT16_PASS_COSTS,
        PACKED_PASS_COSTS,
        LearnedCosts,
    )
    from engine.decoding.drafts.drafter import LearningDrafter  # noqa: PLC0415
    from engine.decoding.generate import decode  # noqa: PLC0415
    from engine.decoding.vocabulary import Vocabulary  # noqa: PLC0415
    from engine.model.loader import load_model  # noqa: PLC0415
    from engine.service.snapshots import snapshots_for  # noqa: PLC0415
    from engine.weights.progress import ProgressReport  # noqa: PLC0415
    from engine.weights.store import ModelStore  # noqa: PLC0415

    def tell(report: ProgressReport) -> None:
        fraction = report.done / report.total if report.total else 0.0
        progress(fraction * _FRACTION_TO_PREPARE, report.message)

    def tell_packing(fraction: float) -> None:
        done = _FRACTION_TO_PREPARE + fraction * (1 - _FRACTION_TO_PREPARE)
        progress(done, "The weights are being packed, once for this machine.")

    directory = ModelStore(offline=settings.offline).require(settings.model, tell)
    progress(_FRACTION_TO_PREPARE, "The weights are being read.")
    model = load_model(directory, settings.model, settings, tell_packing)
    vocabulary = Vocabulary.from_file(directory / "tokenizer.json")
    _ = vocabulary.index  # made now, so that no suggestion waits for it
    costs = PACKED_PASS_COSTS if model.is_packed else BFLOAT16_PASS_COSTS
    drafter = LearningDrafter(vocabulary, LearnedCosts(costs)) if settings.drafts else None
    note = model.description.rotation_note
    return LoadedModel(
        model=model,
        decode=lambda cache, request, checkpoint: decode(
            cache, request, vocabulary, checkpoint, drafter=drafter
        ),
        notes=(note,) if note else (),
        snapshots=snapshots_for(model, settings),
    )


def load_encoder(name: str, settings: EngineSettings) -> "TransformerEncoder":
    """Find a text encoder by name or folder and load it. Downloads nothing.

    Runs on the worker's thread.

    Raises:
        ModelError: If it is not here or of no use.
    """
    from engine.encoding.encoder import TransformerEncoder  # noqa: PLC0415  (imports torch)
    from engine.weights.encoders import encoder_store  # noqa: PLC0415
    from engine.weights.progress import ignore_progress  # noqa: PLC0415

    folder = encoder_store(offline=True).require(name, ignore_progress)
    return TransformerEncoder.load(
        folder, device=settings.device, storage_type=settings.storage_type
    )


def process_environment() -> dict[str, str]:
    """Return the variables that the engine sets, for others who want to run as it does."""
    return {name: os.environ.get(name, value) for name, value in _PROCESS_ENVIRONMENT.items()}


def _stop_without_memory(
    server: EngineServer, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Leave where there is not even memory to read a request; the next one starts an engine anew.

    Otherwise it would stay, and nobody could reach it.
    """
    loop.default_exception_handler(context)
    if isinstance(context.get("exception"), MemoryError):
        server.stop("there is no memory left.")


def _stop_on_signals(server: EngineServer) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: int, _: FrameType | None) -> None:
        loop.call_soon_threadsafe(server.stop, f"{signal.Signals(number).name} came.")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
