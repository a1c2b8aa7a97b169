"""Chunks read before any prompt has them."""

from collections.abc import Callable, Generator, Sequence

import numpy as np

from engine.cache.chunks import ChunkStore
from engine.cache.live import LiveCache
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray
from engine.types import Checkpoint


def read_chunks(
    store: ChunkStore,
    new_cache: Callable[[], LiveCache],
    tokens: TokenArray,
    chunks: Sequence[TokenRange],
    checkpoint: Checkpoint,
) -> Generator[None, None, None]:
    """Read chunks into a store, each alone behind what stands in front of the first.

    Begun anew after an interruption, it goes on where it was.

    Args:
        store: What it holds already is not read again.
        new_cache: Makes an empty cache over this store.
        tokens: A beginning as prompts have it, and chunks.
        chunks: Where they stand in it.
        checkpoint: As for `DocumentCache.sync`.
    """
    for place in chunks:
        chunk = tokens[place.start : place.stop]
        if store.find(chunk) is None:
            beginning = tokens[: chunks[0].start]
            alone = np.concatenate([beginning, chunk])
            stands = TokenRange(len(beginning), len(alone))
            yield from new_cache().sync(alone, len(alone), checkpoint, [stands])
