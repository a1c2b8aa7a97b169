"""What tests of several editors share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.neovim import Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    """Where Neovims start that end with the test."""
    place = Workplace(tmp_path)
    yield place
    place.close()
