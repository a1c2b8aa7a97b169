from pathlib import Path

import pytest

from engine.protocol.messages import ModelDescription
from tests.unit.completion.fakes import FakeEngine, description, small_tokenizer


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelDescription:
    directory: Path = tmp_path_factory.mktemp("model")
    small_tokenizer().save(str(directory / "tokenizer.json"))
    return description(directory)


@pytest.fixture
async def engine(model: ModelDescription) -> FakeEngine:
    return FakeEngine.ready(model)
