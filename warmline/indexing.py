"""Where indexes of repositories are kept."""

from pathlib import Path

from engine.weights.location import cache_directory


def index_directory() -> Path:
    """Return the folder of indexes kept between runs; it holds text of repositories."""
    return cache_directory() / "index"
