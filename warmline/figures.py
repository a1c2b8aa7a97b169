"""What a window has counted, in lines for people."""

from collections.abc import Mapping
from typing import Any

from completion.usage.summary import PERCENTS, summary
from lsp_server.figures_file import WindowFigures

_LOOKS = {"30s": "after 30 s", "5min": "after 5 min"}
_NAME_WIDTH, _NUMBER_WIDTH = 12, 9


def describe_window(window: WindowFigures) -> str:
    """Return one window's figures; what was never counted is left out."""
    head = f"window {window.pid}, version {window.version}, up {_duration(window.uptime_s)}"
    if window.tally is None:
        return f"{head}\n  its figures are of another version than this command's"
    figures = summary(window.tally)
    lines = [
        _suggestions(figures["suggestions"]),
        *(_retention(name, figures["retention"][look]) for look, name in _LOOKS.items()),
        _answers(figures["answers"]),
        _listed("tokens", figures["tokens"]),
        _listed("monitors", figures["monitors"]),
        *_latencies(figures["latency_ms"]),
    ]
    return "\n".join([head, *(f"  {line}" for line in lines if line)])


def _suggestions(counts: Mapping[str, Any]) -> str:
    if not counts["offered"]:
        return "no suggestions yet"
    line = (
        f"suggestions: {counts['shown']} shown, {counts['accepted']} accepted"
        f" ({counts['accepted_whole']} whole), {counts['taken_back']} taken back,"
        f" {counts['typed_along']} typed along"
    )
    acceptance = counts["acceptance"]
    return line if acceptance is None else f"{line}; acceptance {acceptance:.0%}"


def _retention(name: str, figures: Mapping[str, Any]) -> str:
    if not figures["pieces"]:
        return ""
    return (
        f"still there {name}: {figures['kept']:.0%} of the characters,"
        f" {figures['whole']} of {figures['pieces']} whole"
    )


def _answers(counts: Mapping[str, Any]) -> str:
    named = {name: number for name, number in counts.items() if name != "empty"}
    empty = counts["empty"]
    without = f"; empty: {_counted(empty)}" if empty else ""
    return f"answers: {_counted(named) or 'none with text'}{without}" if named or empty else ""


def _listed(name: str, counts: Mapping[str, int]) -> str:
    return f"{name}: {_counted(counts)}" if any(counts.values()) else ""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())


def _latencies(stages: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not stages:
        return []
    columns = ("n", *(f"p{each}" for each in PERCENTS), "longest")
    head = "ms".ljust(_NAME_WIDTH) + "".join(each.rjust(_NUMBER_WIDTH) for each in columns)
    return [head, *(_latency(stage, figures, columns) for stage, figures in stages.items())]


def _latency(stage: str, figures: Mapping[str, float], columns: tuple[str, ...]) -> str:
    cells = (f"{figures[each]:,.0f}".rjust(_NUMBER_WIDTH) for each in columns)
    return stage.replace("_", " ").ljust(_NAME_WIDTH) + "".join(cells)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if minutes == 0 else f"{minutes // 60} h {minutes % 60} min"
