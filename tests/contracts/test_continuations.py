"""Continuations change nothing where the model obeys them anyway, in float32 on tiny models."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from engine.cache.live import LiveCache
from engine.decoding.constraint import constraint_of
from engine.decoding.drafts.base import Drafter
from engine.decoding.drafts.costs import FixedCosts
from engine.decoding.drafts.drafter import LearningDrafter
from engine.decoding.generate import decode
from engine.decoding.token_index import may_end
from engine.decoding.vocabulary import Vocabulary
from engine.protocol.messages import (
    Decoded,
    DecodeReport,
    GenerationEvent,
    GenerationRequest,
    Piece,
)
from engine.types import never_interrupt
from tests.contracts.test_live_cache import cache_maker, make_decoder, random_tokens, sync
from tests.unit.engine.families import VOCABULARY_SIZE

BYTES = tuple(bytes([byte]) for byte in "abceghmnotuxé._() ".encode())
PIECES = (b"co", b"unt", b".name", b").", b"get_", b"a.b", "é".encode(), b"\xe6", b"x(", b"..")
TEXTS = (b"", *BYTES, *(piece * (1 + times) for times in range(9) for piece in PIECES))
VOCABULARY = Vocabulary(TEXTS[:VOCABULARY_SIZE], [0])
NUM_TOKENS = 12


@pytest.fixture(params=["qwen2", "mistral-sliding"])
def cache(request: pytest.FixtureRequest) -> LiveCache:
    made = cache_maker(make_decoder(request.param))()
    sync(made, random_tokens(np.random.default_rng(5), 40))
    return made


def run(
    cache: LiveCache, drafter: Drafter | None = None, **changes: object
) -> tuple[list[int], DecodeReport]:
    """Return the tokens of one candidate, and what they took."""
    plain = GenerationRequest("d", cache.tokens.tolist(), len(cache.tokens), NUM_TOKENS)
    steps = decode(cache, replace(plain, **changes), VOCABULARY, never_interrupt, drafter=drafter)
    events: list[GenerationEvent] = [event for step in steps for event in step]
    tokens = [token for event in events if isinstance(event, Piece) for token in event.tokens]
    return tokens, [event.report for event in events if isinstance(event, Decoded)][-1]


def text_of(tokens: list[int]) -> bytes:
    return b"".join(map(VOCABULARY.token_bytes, tokens))


def obeyed_by(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield all ways to cut a forced text and a continuation that ends there off a text."""
    for start in range(len(text)):
        for end in range(start + 1, len(text)):
            if may_end(text[start:end], text[end : end + 1]):
                yield text[:start], text[start:end]


def learning() -> LearningDrafter:
    return LearningDrafter(VOCABULARY, FixedCosts((1.0,) * 16))


def test_a_model_that_obeys_writes_what_it_would_have_written(cache: LiveCache) -> None:
    """Wherever the border is, within a token or not, with drafts and without."""
    tokens, _ = run(cache)
    cuts = list(obeyed_by(text_of(tokens)))
    for forced, continuation in islice(cuts, 0, None, max(1, len(cuts) // 8)):
        names = (b"other", continuation, continuation + b"er", b"")
        for drafter in (None, learning()):
            written, _ = run(cache, drafter, forced_text=forced, continuations=names)
            assert written == tokens, (forced, continuation)


@pytest.mark.parametrize("forced", [b"", b"a.", b"x).", "getéx.".encode()])
def test_drafts_do_not_change_what_is_written_under_constraint(
    cache: LiveCache, forced: bytes
) -> None:
    """And the text is what was asked for."""
    names = (b"count", b"co", b"get_count", "été".encode(), b".name")
    plain, _ = run(cache, forced_text=forced, continuations=names)
    drafter = learning()
    for _ in range(2):  # the second time it drafts what it wrote the first time
        drafted, _ = run(cache, drafter, forced_text=forced, continuations=names)
        assert drafted == plain
    written = constraint_of(VOCABULARY, forced, names)
    for token in plain:
        written = written.advance(token)
    assert text_of(plain).startswith(tuple(forced + name for name in names))


def test_text_that_was_said_before_is_forced_in_few_passes(cache: LiveCache) -> None:
    """A suggestion's start is read again at once, up to where it was left."""
    drafter = learning()
    tokens, _ = run(cache, drafter)
    forced = text_of(tokens[:9])
    _, report = run(cache, drafter, forced_text=forced, continuations=(b".name(",), max_tokens=10)
    assert report.passes <= 3
