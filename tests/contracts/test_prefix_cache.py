"""Models whose keys cannot be rotated: prefix reuse, always exact, and a reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from engine.cache.base import DocumentCache, Proposal, run_to_end
from engine.model.loader import load_model
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from engine.types import never_interrupt
from tests.unit.engine.families import (
    SMALL,
    VOCABULARY_SIZE,
    make_transformers_model,
    rope,
    save_network,
)

SETTINGS = EngineSettings(device="cpu", storage_type="float32")
FALLBACKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "learned positions": (
        "gpt2",
        {"vocab_size": 97, "n_embd": 48, "n_layer": 2, "n_head": 6},
        "gpt2",
    ),
    "recurrent": (
        "mamba",
        {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8},
        "mamba",
    ),
    "dynamic scaling": (
        "llama",
        SMALL | rope(rope_type="dynamic", factor=2.0) | {"max_position_embeddings": 64},
        "dynamic",
    ),
}


@pytest.fixture(params=sorted(FALLBACKS))
def fallback(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], str]:
    return FALLBACKS[request.param]


def expected_logits(network: PreTrainedModel, tokens: TokenArray) -> torch.Tensor:
    with torch.no_grad():
        return network(torch.from_numpy(tokens.astype(np.int64))[None]).logits[0, -1]


def assert_scores(cache: DocumentCache, network: PreTrainedModel) -> None:
    branches = cache.branch(2, 4)
    torch.testing.assert_close(
        branches.first_logits(never_interrupt),
        expected_logits(network, cache.tokens),
        rtol=1e-4,
        atol=1e-4,
    )
    branches.step([Proposal(0, (5,)), Proposal(1, (6,))], never_interrupt)
    scores = branches.step([Proposal(1, (7,))], never_interrupt)[0]
    longer = np.append(cache.tokens, [6, 7]).astype(np.int32)
    torch.testing.assert_close(scores, expected_logits(network, longer), rtol=1e-4, atol=1e-4)


def test_prefixes_are_reused_and_scores_stay_exact(
    fallback: tuple[str, dict[str, Any], str], tmp_path: Path
) -> None:
    """Edits in the middle, appended text and shorter prompts score like a fresh model."""
    model_type, configuration, reason = fallback
    network = make_transformers_model(model_type, configuration)
    model = load_model(save_network(network, tmp_path), model_type, SETTINGS)
    assert not model.description.can_rotate
    assert reason in model.description.rotation_note
    assert "only unchanged prefixes are reused" in model.description.rotation_note
    cache = model.new_cache()
    tokens = np.random.default_rng(1).integers(3, VOCABULARY_SIZE, 40).astype(np.int32)
    appended = np.append(tokens, [9, 8]).astype(np.int32)
    inserted = np.insert(appended, 20, [11, 12, 13]).astype(np.int32)
    for prompt in (tokens, appended, inserted, inserted[:25]):
        run_to_end(cache.sync(prompt, 10, never_interrupt))
        assert cache.exact_prefix == len(prompt)
        assert_scores(cache, network)


def test_appended_text_reuses_everything_before(tmp_path: Path) -> None:
    """Typing at the end costs only what was typed, also with recurrent layers."""
    network = make_transformers_model(*FALLBACKS["recurrent"][:2])
    model = load_model(save_network(network, tmp_path), "mamba", SETTINGS)
    cache = model.new_cache()
    run_to_end(cache.sync(np.arange(3, 43, dtype=np.int32), 40, never_interrupt))
    run_to_end(cache.sync(np.arange(3, 46, dtype=np.int32), 43, never_interrupt))
    assert cache.last_sync is not None
    assert (cache.last_sync.kept, cache.last_sync.encoded) == (40, 3)


def test_frequencies_that_depend_on_length_end_reuse(tmp_path: Path) -> None:
    """Dynamic scaling: past the original length no key computed before may be used."""
    network = make_transformers_model(*FALLBACKS["dynamic scaling"][:2])
    model = load_model(save_network(network, tmp_path), "llama", SETTINGS)
    cache = model.new_cache()
    run_to_end(cache.sync(np.arange(3, 63, dtype=np.int32), 60, never_interrupt))
    run_to_end(cache.sync(np.arange(3, 83, dtype=np.int32), 80, never_interrupt))
    assert cache.last_sync is not None
    assert (cache.last_sync.kept, cache.last_sync.encoded) == (0, 80)
