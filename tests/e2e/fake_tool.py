"""The command line of the fake server: `models list --json`, `models pull NAME`, `doctor`."""

import json
import sys

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


def run(words: list[str]) -> int:
    """Print what the real command would, and return its exit code."""
    match words:
        case ["models", "list", "--json"]:
            sys.stdout.write(json.dumps({"models": MODELS}))
        case ["models", "pull", "large"]:
            sys.stderr.write("Downloading\nDownloading: 50%\n")
        case ["doctor"]:
            sys.stdout.write("everything works\n")
        case _:
            sys.stderr.write(f"warmline: {' '.join(words)} cannot be done\n")
            return 1
    return 0
