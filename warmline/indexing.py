"""Where indexes of repositories are kept."""

import os
from pathlib import Path

from engine.weights.location import cache_directory

INDEX_VARIABLE = "WARMLINE_INDEX_DIR"


def index_directory() -> Path:
    """Return the folder of indexes kept between runs; it holds text of repositories."""
    if chosen := os.environ.get(INDEX_VARIABLE):
        return Path(chosen).expanduser().absolute()
    return cache_directory() / "index"
