"""The live cache gives on a GPU what it gives on the processor."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal, run_to_end
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import assemble_weights
from engine.types import never_interrupt
from tests.unit.engine.families import ROTATING, VOCABULARY_SIZE, make_network

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use"),
]


@pytest.fixture(autouse=True)
def full_precision() -> None:
    """Float32 products without TF32, so that both sides round alike."""
    torch.backends.cuda.matmul.allow_tf32 = False


def edited_cache(family: str, device: str) -> tuple[LiveCache, list[Tensor]]:
    """Prefill, insert, delete, refresh; return the cache and the scores after each."""
    network = make_network(family)
    configuration = decoder_configuration(network.config.to_dict())
    tensors = {name: tensor.detach().to(device) for name, tensor in network.state_dict().items()}
    decoder = Decoder(configuration, assemble_weights(tensors, configuration))
    cache = LiveCache(CacheParts.of(decoder), slice_tokens=64)
    generator = np.random.default_rng(1)
    tokens = generator.integers(3, VOCABULARY_SIZE, 300).astype(np.int32)
    inserted = np.insert(tokens, 40, generator.integers(3, VOCABULARY_SIZE, 7)).astype(np.int32)
    scores = []
    for prompt in (tokens, inserted, np.delete(inserted, slice(90, 120))):
        run_to_end(cache.sync(prompt, 200, never_interrupt))
        scores.append(scores_of(cache))
    for _ in cache.refresh(never_interrupt):
        pass
    return cache, [*scores, scores_of(cache)]


def scores_of(cache: LiveCache) -> Tensor:
    branches = cache.branch(2, 4)
    first = branches.first_logits(never_interrupt)
    return torch.cat(
        [first[None], branches.step([Proposal(0, (5,)), Proposal(1, (6,))], never_interrupt)]
    ).cpu()


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_gpu_agrees_with_the_processor(family: str) -> None:
    """Scores after a prefill, two edits and a refresh, within float32 rounding."""
    cache, scores = edited_cache(family, "cuda")
    assert cache.arena.keys.device.type == "cuda"
    _, expected = edited_cache(family, "cpu")
    torch.testing.assert_close(torch.stack(scores), torch.stack(expected), rtol=1e-3, atol=1e-3)
