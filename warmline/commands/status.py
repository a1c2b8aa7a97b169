"""`warmline status`: what runs on this machine, and what its windows have counted."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from completion.usage.prometheus import Gauge, exposition
from completion.usage.summary import summary
from engine.errors import EngineError
from engine.protocol.messages import EngineStatus
from lsp_server.figures_file import WindowFigures, running_windows
from warmline.commands.engine import describe_absence, describe_status, running_status
from warmline.errors import UsageError
from warmline.figures import describe_window
from warmline.options import add_json_option, add_model_option, engine_settings, print_json


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "status",
        description="See the engine, and the figures of every editor window that runs.",
    )
    parser.add_argument(
        "--prometheus", action="store_true", help="print all figures as Prometheus reads them"
    )
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look, print, and return 1 if an engine runs and does not answer.

    Raises:
        UsageError: If two forms are asked for at once.
    """
    if arguments.json and arguments.prometheus:
        raise UsageError("--json and --prometheus exclude each other: choose one")
    settings = engine_settings(arguments)
    status, problem = None, ""
    try:
        status = asyncio.run(running_status(settings))
    except EngineError as error:
        problem = str(error)
    windows = running_windows()
    if arguments.json:
        print_json({"engine": _engine_json(status, problem), "windows": _windows_json(windows)})
    elif arguments.prometheus:
        print(_prometheus(status, windows), end="")
    else:
        described = describe_status(status) if status else problem or describe_absence(settings)
        print(described, *map(describe_window, windows), sep="\n\n")
        if not windows:
            print("\nNo editor window runs `warmline serve`.")
    if problem and arguments.prometheus:
        print(f"warmline: {problem}", file=sys.stderr)
    return int(bool(problem))


def _engine_json(status: EngineStatus | None, problem: str) -> dict[str, Any]:
    if status is None:
        return {"running": bool(problem), "problem": problem or None}
    return {"running": True, "problem": None, **asdict(status)}


def _windows_json(windows: Sequence[WindowFigures]) -> list[dict[str, Any]]:
    return [
        {
            "pid": window.pid,
            "version": window.version,
            "uptime_s": round(window.uptime_s, 1),
            "metrics": None if window.tally is None else summary(window.tally),
        }
        for window in windows
    ]


def _prometheus(status: EngineStatus | None, windows: Sequence[WindowFigures]) -> str:
    known = [({"window": str(each.pid)}, each.tally) for each in windows if each.tally is not None]
    uptimes = [({"window": str(each.pid)}, each.uptime_s) for each in windows]
    gauges = [
        Gauge(
            "warmline_engine_up", "Whether an engine answers.", [({}, float(status is not None))]
        ),
        Gauge("warmline_window_uptime_seconds", "How long each window has counted.", uptimes),
    ]
    return exposition(known, [*gauges, *_engine_gauges(status)])


def _engine_gauges(status: EngineStatus | None) -> list[Gauge]:
    if status is None:
        return []
    figures = (
        ("uptime_seconds", "How long the engine has run.", status.uptime_s),
        ("clients", "Who is connected to it.", float(status.num_clients)),
        ("documents", "Live caches it holds.", float(len(status.documents))),
        ("cache_bytes", "Memory they take.", float(status.cache_bytes)),
        ("cache_budget_bytes", "Memory they may take.", float(status.cache_budget_bytes)),
    )
    return [
        Gauge(f"warmline_engine_{name}", explanation, [({}, value)])
        for name, explanation, value in figures
    ]
