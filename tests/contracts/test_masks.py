"""The tokens found by their hashes are those found by looking at every token."""

from collections.abc import Set as AbstractSet
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.decoding import string_tokens
from engine.decoding.constraint import constraint_of
from engine.decoding.string_tree import StringTree
from engine.decoding.text_hashes import ended_beginning_hashes, hash_of
from engine.decoding.vocabulary import Vocabulary

ALPHABET = "ab_.é日\U0001f600 =$"
texts = st.text(ALPHABET, max_size=5).map(str.encode)
cut_characters = st.binary(max_size=3) | st.sampled_from([b"\xc3", b"\xa9", b"\xff", b"\xff\xff"])
token_texts = st.lists(texts | cut_characters, min_size=1, max_size=30)
forced_texts = st.just(b"") | st.text(ALPHABET, max_size=8).map(str.encode) | cut_characters
string_sets = st.sets(texts | cut_characters, max_size=6)
walks = st.lists(st.integers(0, 99), min_size=1, max_size=8)


class Limits(NamedTuple):
    """From what number on beginnings are a crowd, and up to which tokens are few."""

    crowd: int
    few_tokens: int


IN_USE = Limits(string_tokens._CROWD, string_tokens._FEW_TOKENS)
limits = st.sampled_from([IN_USE, Limits(1, 0), Limits(1, 3), Limits(6, 0), Limits(6, 3)])


@st.composite
def vocabularies(draw: st.DrawFn) -> Vocabulary:
    tokens = draw(token_texts)
    control = draw(st.sets(st.integers(0, len(tokens) - 1), max_size=3))
    return Vocabulary(tokens, control)


def is_name_byte(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum() or chr(byte) in "_$"


def is_ended(text: bytes, string: bytes) -> bool:
    """Tell whether `text` begins with the whole of `string`, and nothing makes it longer."""
    if not text.startswith(string):
        return False
    if string and not is_name_byte(string[-1]):
        return True
    following = text[len(string) :]
    return bool(following) and not is_name_byte(following[0])


def is_through(text: bytes, forced: bytes, strings: AbstractSet[bytes]) -> bool:
    """Tell whether all that was asked for lies behind."""
    rest = text[len(forced) :]
    return text.startswith(forced) and (
        not strings or any(is_ended(rest, string) for string in strings)
    )


def fits(text: bytes, forced: bytes, strings: AbstractSet[bytes]) -> bool:
    """Tell whether `text` is on the way to what was asked for, or there and beyond."""
    return (
        forced.startswith(text)
        or is_through(text, forced, strings)
        or any((forced + string).startswith(text) for string in strings)
    )


def naive_mask(
    vocabulary: Vocabulary, written: bytes, forced: bytes, strings: AbstractSet[bytes]
) -> list[bool]:
    """Look at every token."""
    may_stop = any(written == forced + string for string in strings)

    def is_allowed(token: int) -> bool:
        if vocabulary.is_control(token):
            return may_stop
        text = vocabulary.token_bytes(token)
        return bool(text) and fits(written + text, forced, strings)

    return [is_allowed(token) for token in range(vocabulary.size)]


def assert_walk_matches(
    vocabulary: Vocabulary,
    forced: bytes,
    strings: AbstractSet[bytes],
    choices: list[int],
    limits: Limits = IN_USE,
) -> None:
    """Follow allowed tokens, comparing at each, until all is allowed or nothing is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(string_tokens, "_CROWD", limits.crowd)
        patch.setattr(string_tokens, "_FEW_TOKENS", limits.few_tokens)
        follow_and_compare(vocabulary, forced, strings, choices)


def follow_and_compare(
    vocabulary: Vocabulary, forced: bytes, strings: AbstractSet[bytes], choices: list[int]
) -> None:
    constraint = constraint_of(vocabulary, forced, strings)
    written = b""
    for choice in choices:
        tokens = constraint.allowed()
        if is_through(written, forced, strings):
            assert tokens is None
            return
        assert tokens is not None
        allowed = tokens.ids
        mask = np.zeros(vocabulary.size, np.bool_)
        mask[allowed] = True
        assert mask.tolist() == naive_mask(vocabulary, written, forced, strings)
        assert np.all(np.diff(allowed) > 0), "ascending, each once"
        for token in np.flatnonzero(~mask)[:8].tolist():
            with pytest.raises(ValueError, match="should go on with"):
                constraint.advance(token)
        if not len(allowed):
            return
        token = int(allowed[choice % len(allowed)])
        constraint = constraint.advance(token)
        if vocabulary.is_control(token):
            assert constraint.allowed() is None
            return
        written += vocabulary.token_bytes(token)


@settings(max_examples=500)
@given(
    vocabulary=vocabularies(),
    forced=forced_texts,
    strings=string_sets,
    choices=walks,
    limits=limits,
)
@example(Vocabulary([b"a", b".", b".a", b"..", b"a."], ()), b".", {b""}, [0, 0], IN_USE)
@example(Vocabulary([b"a", b"b", b" ", b"\x00"], (3,)), b"", {b"", b"a", b"ab"}, [0, 1, 3], IN_USE)
@example(Vocabulary([b"\xc3", b"\xa9", b"\xa9(", b"("], ()), b"", {"é".encode()}, [0, 1], IN_USE)
@example(Vocabulary([b"a", b"a=", b"a=b", b"=", b"a b"], ()), b"a", {b"=", b"a="}, [0, 1], IN_USE)
@example(Vocabulary([b"ab(", b"ab", b"a", b"x", b"y"], ()), b"", {b"ab"}, [0], Limits(1, 3))
@example(Vocabulary([b".ab(", b".abc", b".a", b"x", b"y"], ()), b".", {b"ab"}, [0], Limits(1, 3))
def test_forced_text_and_continuations(
    vocabulary: Vocabulary,
    forced: bytes,
    strings: set[bytes],
    choices: list[int],
    limits: Limits,
) -> None:
    """A token is part of what may be written, or the whole of it and what may follow."""
    assert_walk_matches(vocabulary, forced, strings, choices, limits)


NAME_PARTS = st.sampled_from(["get", "set", "_", "value", "s", "Größe", "日本", "1", "$", "Count"])
names = st.lists(NAME_PARTS, min_size=1, max_size=4).map("".join).map(str.encode)


@settings(max_examples=60)
@given(
    strings=st.sets(names, min_size=1, max_size=20),
    forced=st.sampled_from([b"", b".", b"a).", b"self.get_", b"import "]),
    extra=st.lists(names, max_size=10),
    choices=walks,
    limits=limits,
)
def test_names_that_begin_alike(
    strings: set[bytes], forced: bytes, extra: list[bytes], choices: list[int], limits: Limits
) -> None:
    """With tokens of all parts of them, tokens that cross the border, and what may follow."""
    whole = [*sorted(strings), *extra]
    parts = [name[start : start + 4] for name in whole for start in range(len(name))]
    around = [edge + part for part in parts for edge in (forced[-1:], forced[-2:])]
    beyond = [part + after for part in parts for after in (b"(", b".", b"s", b"( )")]
    tokens = [bytes([byte]) for byte in range(256)] + whole + parts + around + beyond
    vocabulary = Vocabulary([*tokens, b"end"], [len(tokens)])
    assert_walk_matches(vocabulary, forced, strings, choices, limits)


@pytest.mark.parametrize("forced", [b"", b"."])
@pytest.mark.parametrize("choices", [[7, 300], [650, 3]])
def test_many_names_and_many_tokens(forced: bytes, choices: list[int]) -> None:
    """Where hundreds are allowed at once, and many tokens begin alike."""
    names = {"".join(letters).encode() for letters in product("abcdefghi", repeat=3)}
    parts = {name[:2] for name in names}
    crossing = [b"." + name for name in names]
    beyond = [name + b"(" for name in names]
    tokens = [*sorted(names), *sorted(parts), *crossing, *beyond, *sorted(parts), b".", b"a", b"("]
    assert_walk_matches(Vocabulary(tokens, [3]), forced, names | {b"ab", b"c"}, choices)


@given(
    text=st.text(min_size=1, max_size=8).map(str.encode),
    pieces=st.lists(st.text(min_size=1, max_size=3).map(str.encode), max_size=8),
    strings=st.sets(st.text(min_size=1, max_size=4).map(str.encode), max_size=4),
)
def test_any_text_can_be_written_with_single_bytes(
    text: bytes, pieces: list[bytes], strings: set[bytes]
) -> None:
    """Bytes of every script, with a vocabulary that also has longer tokens of the text."""
    tokens = [bytes([byte]) for byte in range(256)] + pieces
    tokens += [text[start : start + 3] for start in range(len(text))]
    vocabulary = Vocabulary(tokens, ())
    constraint = constraint_of(vocabulary, text, strings)
    written = b""
    while (allowed := constraint.allowed()) is not None:
        assert len(allowed.ids)
        token = int(allowed.ids[-1])
        written += vocabulary.token_bytes(token)
        constraint = constraint.advance(token)
    assert written.startswith(tuple(text + string for string in strings) or text)


def ended_hash(text: bytes) -> int:
    """Return the hash of a text with its end mark."""
    return int(ended_beginning_hashes([text], np.array([len(text)]))[-1])


@given(
    strings=st.sets(texts | cut_characters | st.text(max_size=20).map(str.encode), max_size=12),
    length=st.integers(0, 4),
    instead=texts,
)
def test_what_is_left_of_strings_is_hashed(
    strings: set[bytes], length: int, instead: bytes
) -> None:
    """As if every remainder had been cut out and hashed on its own."""
    for start in {string[:length] for string in strings}:
        left = [string[len(start) :] for string in strings if string.startswith(start)]
        beginnings = {rest[:end] for rest in left for end in range(1, len(rest) + 1)}
        hashes = [hash_of(instead + beginning) for beginning in beginnings]
        hashes += [ended_hash(instead + rest) for rest in left if rest]
        tree = StringTree(strings)
        assert sorted(tree.after(start, instead).tolist()) == sorted(hashes)
        assert tree.num_after(start) == len(hashes)
