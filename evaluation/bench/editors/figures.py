"""Rows of a report from what tests/editors/figures.mjs has seen in VS Code's workbench."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluation.report import Report, Row, summarise, summarise_percentile, this_machine

Seen = Mapping[str, Any]
_KINDS = ("first-key", "next-key")
_NINETY = 90


def report_of(measured: Seen) -> Report:
    """Return the report of measurements as the script wrote them."""
    notes = ["rows `of_*` are parts of key_to_ghost_ms and add up to it key by key"]
    if measured["is_quick"]:
        notes.append("quick form: to see that it works, too few keys for a figure")
    if measured["settings"]:
        notes.append(f"not the defaults: {measured['settings']}")
    return Report(
        command="editor-figures",
        version=measured["version"],
        machine=this_machine(),
        model=measured["model"],
        seed=0,
        rows=(*_keystroke_rows(measured["keystrokes"]), *_activation_rows(measured["activations"])),
        notes=tuple(notes),
    )


def stages_of(key: Seen) -> Mapping[str, float]:
    """Return the parts of the time from a key to ghost text, in milliseconds; they add up to it.

    The server's own times begin with the request. What it takes besides the model's, such as to
    search, to analyse and to trim, is `server`.
    """
    timings = key["timings"]
    total = key["answered"] - key["asked"]
    sync = min(total, timings["sync_ms"])
    first = min(total, max(sync, timings["first_token_ms"]))
    written = min(total, max(first, timings["total_ms"]))
    return {
        "editor": key["sent"] - key["key"],
        "extension": key["asked"] - key["sent"],
        "model_cache": sync,
        "model_first_token": first - sync,
        "model_rest": written - first,
        "server": total - written,
        "way_back": key["ghost"] - key["answered"],
    }


def _keystroke_rows(keystrokes: Sequence[Seen]) -> Iterator[Row]:
    for kind in _KINDS:
        pressed = [key for key in keystrokes if key["kind"] == kind]
        shown = [key for key in pressed if "ghost" in key]
        yield _share_row(kind, "keys_with_suggestion", len(shown), len(pressed))
        for origin in sorted({key["origin"] for key in shown}):
            yield from _origin_rows(kind, origin, [k for k in shown if k["origin"] == origin])


def _origin_rows(kind: str, origin: str, shown: Sequence[Seen]) -> Iterator[Row]:
    name = kind if origin == "model" else f"{kind}, {origin}"
    params = {"origin": origin}
    times = [key["ghost"] - key["key"] for key in shown]
    yield summarise(name, "warmline", "key_to_ghost_ms", times, "ms", params=params)
    yield summarise_percentile(
        name, "warmline", "key_to_ghost_p90_ms", times, "ms", percent=_NINETY, params=params
    )
    parts = [stages_of(key) for key in shown]
    for stage in parts[0]:
        values = [part[stage] for part in parts]
        share = 100 * sum(values) / sum(times)
        yield summarise(
            name,
            "warmline",
            f"of_{stage}_ms ({share:.0f} %)",
            values,
            "ms",
            params={**params, "share_percent": share},
        )


def _activation_rows(starts: Sequence[Seen]) -> Iterator[Row]:
    if not starts:
        return
    times = [start["ms"] for start in starts]
    reasons = "; ".join(sorted({start["reason"] for start in starts}))
    params = {"reasons": reasons}
    yield summarise("activation", "warmline", "activation_ms", times, "ms", params=params)
    early = sum(start["before"] for start in starts)
    yield _share_row("activation", "before_a_supported_file", early, len(starts))


def _share_row(kind: str, metric: str, count: int, of: int) -> Row:
    share = count / of if of else 0.0
    return Row(kind, "warmline", metric, share, share, share, of, "share")
