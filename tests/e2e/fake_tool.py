"""The command line of the fake server: `models list --json`, `models pull NAME`, `doctor`.

With `--json` the doctor finds one thing of each kind, the settings it was given among them; where
these say so, with the model "ill" it breaks down.
"""

import json
import sys
from pathlib import Path

MODELS = [
    {
        "name": "small",
        "default": True,
        "state": "ready",
        "bytes_on_disk": 491_000_000,
        "download_bytes": 491_400_064,
    },
    {
        "name": "large",
        "default": False,
        "state": "absent",
        "bytes_on_disk": 0,
        "download_bytes": 1_117_320_768,
    },
    {
        "name": "broken",
        "default": False,
        "state": "absent",
        "bytes_on_disk": 0,
        "download_bytes": None,
    },
]


def finding(verdict: str, found: str, advice: str = "") -> dict[str, str]:
    return {
        "id": f"thing.{verdict}",
        "subject": f"a thing that is {verdict}",
        "verdict": verdict,
        "found": found,
        "advice": advice,
    }


def run(words: list[str]) -> int:
    """Print what the real command would, and return its exit code."""
    match words:
        case ["models", "list", "--json"]:
            sys.stdout.write(json.dumps({"models": MODELS}))
        case ["models", "pull", "large"]:
            sys.stderr.write("Downloading\nDownloading: 50%\n")
        case ["doctor", "--json", "--settings", file, *model]:
            settings = json.loads(Path(file).read_text(encoding="utf-8"))
            if settings.get("model") == "ill":
                sys.stderr.write("warmline: the doctor is ill\n")
                return 1
            findings = [
                finding("works", " ".join([*sorted(settings), *model])),
                finding("warning", "half full", "make room"),
                finding("broken", "it is gone", "`warmline models pull small`"),
            ]
            is_well = "maxTokens" not in settings
            found = findings[:1] if is_well else findings
            sys.stdout.write(json.dumps({"works": is_well, "findings": found}))
            return int(not is_well)
        case ["doctor"]:
            sys.stdout.write("everything works\n")
        case _:
            sys.stderr.write(f"warmline: {' '.join(words)} cannot be done\n")
            return 1
    return 0
