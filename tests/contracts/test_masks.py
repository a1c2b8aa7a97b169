"""The mask found by bisection is the mask found by looking at every token."""

from collections.abc import Set as AbstractSet

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decoding.constraint import (
    IDENTIFIER_BYTES,
    AllowedStrings,
    ForcedText,
    TokenConstraint,
)
from engine.decoding.vocabulary import Vocabulary

characters = st.text("ab_.é日\U0001f600 ", max_size=5)
cut_characters = st.binary(max_size=3) | st.sampled_from([b"\xc3", b"\xa9", b"\xff", b"\xff\xff"])
texts = characters.map(str.encode)
token_texts = st.lists(texts | cut_characters, min_size=1, max_size=30)


@st.composite
def vocabularies(draw: st.DrawFn) -> Vocabulary:
    tokens = draw(token_texts)
    control = draw(st.sets(st.integers(0, len(tokens) - 1), max_size=3))
    return Vocabulary(tokens, control)


def naive_mask(
    vocabulary: Vocabulary, remainders: dict[bytes, bool], name_bytes: AbstractSet[int]
) -> list[bool]:
    """Look at every token.

    Args:
        vocabulary: Where the tokens come from.
        remainders: What may still be written; True where no name byte may follow it.
        name_bytes: Which bytes these are.
    """

    def is_allowed(token: int) -> bool:
        if vocabulary.is_control(token):
            return b"" in remainders
        text = vocabulary.token_bytes(token)
        if not text:
            return False
        return any(
            rest.startswith(text)
            or (
                text.startswith(rest)
                and not (needs_ending and text[len(rest) : len(rest) + 1][0] in name_bytes)
            )
            for rest, needs_ending in remainders.items()
        )

    return [is_allowed(token) for token in range(vocabulary.size)]


def assert_walk_matches(
    constraint: TokenConstraint,
    vocabulary: Vocabulary,
    remainders: dict[bytes, bool],
    name_bytes: AbstractSet[int],
    choices: list[int],
) -> None:
    """Follow allowed tokens, comparing masks at each, until all is allowed or nothing is."""
    for choice in choices:
        mask = constraint.allowed()
        is_through = any(not rest and not needs_ending for rest, needs_ending in remainders.items())
        assert (mask is None) == is_through
        if mask is None:
            return
        assert mask.tolist() == naive_mask(vocabulary, remainders, name_bytes)
        allowed = np.flatnonzero(mask)
        if not len(allowed):
            return
        token = int(allowed[choice % len(allowed)])
        text = vocabulary.token_bytes(token)
        constraint = constraint.advance(token)
        if (
            any(
                text.startswith(rest)
                and (len(text) > len(rest) or not needs_ending)
                and not (needs_ending and text[len(rest)] in name_bytes)
                for rest, needs_ending in remainders.items()
            )
            or not text
        ):
            assert constraint.allowed() is None
            return
        remainders = {
            rest[len(text) :]: needs_ending
            for rest, needs_ending in remainders.items()
            if rest.startswith(text)
        }


@settings(max_examples=300)
@given(
    vocabulary=vocabularies(),
    strings=st.sets(texts, min_size=1, max_size=6),
    name_bytes=st.sampled_from([IDENTIFIER_BYTES, frozenset(b"a."), frozenset[int]()]),
    choices=st.lists(st.integers(0, 99), min_size=1, max_size=6),
)
def test_allowed_strings(
    vocabulary: Vocabulary,
    strings: set[bytes],
    name_bytes: frozenset[int],
    choices: list[int],
) -> None:
    """A token is part of an allowed string, or a whole one and what may follow it."""
    remainders = {text: not text or text[-1] in name_bytes for text in strings}
    constraint = AllowedStrings(vocabulary, strings, name_bytes)
    assert_walk_matches(constraint, vocabulary, remainders, name_bytes, choices)


@settings(max_examples=300)
@given(
    vocabulary=vocabularies(),
    text=st.text("ab_.é日\U0001f600 ", min_size=1, max_size=12).map(str.encode),
    choices=st.lists(st.integers(0, 99), min_size=1, max_size=12),
)
def test_forced_text(vocabulary: Vocabulary, text: bytes, choices: list[int]) -> None:
    """A token is the start of what remains, or all that remains and more."""
    constraint = ForcedText(vocabulary, text)
    assert_walk_matches(constraint, vocabulary, {text: False}, frozenset(), choices)


@given(
    text=st.text(min_size=1, max_size=8).map(str.encode),
    pieces=st.lists(st.text(min_size=1, max_size=3).map(str.encode), max_size=8),
)
def test_any_text_can_be_forced_with_single_bytes(text: bytes, pieces: list[bytes]) -> None:
    """Bytes of every script, with a vocabulary that also has longer tokens of the text."""
    tokens = [bytes([byte]) for byte in range(256)] + pieces
    tokens += [text[start : start + 3] for start in range(len(text))]
    vocabulary = Vocabulary(tokens, ())
    constraint: TokenConstraint = ForcedText(vocabulary, text)
    written = b""
    while (mask := constraint.allowed()) is not None:
        assert mask.any()
        token = int(np.flatnonzero(mask)[-1])
        written += vocabulary.token_bytes(token)
        constraint = constraint.advance(token)
    assert written.startswith(text)
