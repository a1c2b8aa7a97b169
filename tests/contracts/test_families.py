"""The engine's forward pass equals transformers' own for every family it rotates."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cache.base import Proposal, run_to_end
from engine.model.loader import load_model
from engine.settings import EngineSettings
from engine.types import never_interrupt
from tests.unit.engine.families import ROTATING, VOCABULARY_SIZE, make_network, save_network

SETTINGS = EngineSettings(device="cpu", storage_type="float32")
LENGTH = 150


@pytest.fixture(params=sorted(ROTATING))
def family(request: pytest.FixtureRequest) -> str:
    return request.param


def test_logits_equal_transformers(family: str, tmp_path: Path) -> None:
    """Scores after a prompt and after each of three more tokens, within float32 rounding."""
    network = make_network(family)
    model = load_model(save_network(network, tmp_path), family, SETTINGS)
    assert model.description.can_rotate
    tokens = np.random.default_rng(1).integers(3, VOCABULARY_SIZE, LENGTH).astype(np.int32)
    prompt, rest = tokens[:-3], tokens[-3:]
    cache = model.new_cache()
    run_to_end(cache.sync(prompt, len(prompt), never_interrupt))
    branches = cache.branch(1, 8)
    ours = [branches.first_logits(never_interrupt)]
    ours += [branches.step([Proposal(0, (int(token),))], never_interrupt)[0] for token in rest]
    with torch.no_grad():
        theirs = network(torch.from_numpy(tokens.astype(np.int64))[None]).logits[0, -4:]
    torch.testing.assert_close(torch.stack(ours), theirs, rtol=1e-3, atol=2e-4)
