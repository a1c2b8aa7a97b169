"""A tiny model that writes words, and what it says where nothing goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from completion.completer import Completer
from completion.document import Document
from completion.types import EmptyReason
from engine.service.host import EngineHost
from engine.service.local import LocalEngine
from engine.service.run import load_real_model
from lsp_server.settings import Settings, read_settings
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import make_network, save_network

LOAD_TIMEOUT_S = 60.0
# Small in all but the caches, so that documents of some pages are what memory is for.
SHAPE: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 192,
    "num_key_value_heads": 6,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
}
SETTINGS: dict[str, Any] = {
    "device": "cpu",
    "storageType": "float32",
    "decodeWeights": "full",
    "threads": 1,
    "offline": True,
    "contextTokens": 0,
    "monitors": False,
    "prepareNext": False,
    "reuseSuggestions": False,
    "maxTokens": 12,
}
"""For engines whose words are to be the same in every process and at every time."""


def save_tiny_model(folder: Path) -> Path:
    """Write a model folder with a real tokenizer and random weights that favour words."""
    tokenizer = small_tokenizer()
    tokens = tokenizer.get_vocab()
    words = [number for token, number in tokens.items() if _is_word(token.lstrip("Ġ"))]
    network = make_network("qwen2", **SHAPE)
    vocabulary_size = SHAPE["vocab_size"]
    favoured = torch.zeros(vocabulary_size, 1)
    favoured[words] = 1.0
    with torch.no_grad():
        network.lm_head.weight.mul_(favoured)
    save_network(network, folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalpha()


class Undisturbed:
    """The same model in this process, which reads every text anew."""

    def __init__(self, host: EngineHost, settings: Settings, repository_name: str) -> None:
        self._host = host
        self._settings = settings.completion
        self._repository_name = repository_name
        self._num_asked = 0

    async def says(self, uri: str, text: str) -> str:
        """Return what the model writes at the end of a document, which may be nothing."""
        self._num_asked += 1  # a session each, of which no other takes a cache over
        engine = LocalEngine(self._host, f"undisturbed-{self._num_asked}")
        completer = Completer(engine, self._settings, self._repository_name)
        completer.open(Document(uri, "plaintext", 1, text))
        suggestion = await completer.complete(uri, len(text))
        await completer.aclose()
        assert suggestion.reason in (None, EmptyReason.NOTHING_TO_SAY), suggestion.detail
        return suggestion.text


@asynccontextmanager
async def undisturbed(model: Path, repository_name: str) -> AsyncIterator[Undisturbed]:
    """Load the model here."""
    settings, _ = read_settings(SETTINGS | {"model": str(model), "snapshots": False})
    host = EngineHost(partial(load_real_model, settings.engine), 2**26)
    host.start()
    await host.life.wait_settled(LOAD_TIMEOUT_S)
    yield Undisturbed(host, settings, repository_name)
    assert await host.stop(LOAD_TIMEOUT_S)
