"""Fixtures: a backend of doubles, and an editor connected to a server that uses it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helpers lie beside the tests

from lsp_editor import Editor
from lsp_fakes import FakeBackend


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
async def editor(backend: FakeBackend) -> AsyncIterator[Editor]:
    editor = Editor(backend)
    yield editor
    await editor.leave()
