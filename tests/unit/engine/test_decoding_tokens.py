"""Finding tokens by their bytes, part by part; the masks they add up to have a contract test."""

from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decoding import string_tokens
from engine.decoding.allowed_tokens import AllowedTokens, token_set
from engine.decoding.sampling import Scores, choose_among, choose_likeliest, chooser_for
from engine.decoding.sorted_tokens import SortedTokens
from engine.decoding.string_tokens import StringTokens
from engine.decoding.string_tree import StringTree
from engine.decoding.token_ends import windows_of
from engine.decoding.token_index import TokenIndex
from engine.decoding.vocabulary import Vocabulary
from engine.protocol.messages import Sampling

short = st.text("ab.", max_size=5).map(str.encode)
runs = st.tuples(st.sampled_from([b"a", b"b", b"_"]), st.integers(1, 140)).map(
    lambda run: run[0] * run[1]
)
texts = short | st.text(max_size=8).map(str.encode) | runs
strings_of = st.sets(texts | st.lists(texts, max_size=4).map(b"".join), min_size=1, max_size=10)


@settings(max_examples=40)
@given(tokens=st.lists(texts, min_size=1, max_size=30), strings=strings_of, before=texts | runs)
def test_what_the_last_bytes_rule_out_is_no_token(
    tokens: list[bytes], strings: set[bytes], before: bytes
) -> None:
    """Wherever a token begins, however long it is, and with tokens that cross into a string."""
    parts = [string[start : start + 9] for string in strings for start in range(0, len(string), 3)]
    crossing = [before[-3:] + part for part in parts]
    index = TokenIndex([*tokens, *parts, *crossing, *strings], np.array([], np.intp))
    every, likely = StringTree(strings), StringTree(strings, index.ends)
    for string in strings:
        for length in range(0, len(string) + 1, 7):
            for text, instead in ((string[:length], b""), (b"", before), (b"", before[-3:])):
                found = index.fitting(likely.after(text, instead)).ids
                wanted = index.fitting(every.after(text, instead)).ids
                assert sorted(found.tolist()) == sorted(wanted.tolist())


def test_most_of_what_is_no_token_is_ruled_out() -> None:
    tokens = [bytes([byte]) for byte in range(256)] + [b"name", b"other"]
    index = TokenIndex(tokens, np.array([], np.intp))
    strings = [b"name_of_the_other_%d" % number for number in range(100)]
    assert len(StringTree(strings, index.ends).after(b"")) < len(StringTree(strings).after(b"")) / 4


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 8, 9])
def test_windows_hold_the_last_four_bytes(length: int) -> None:
    text = bytes(range(1, length + 1))
    expected = [
        int.from_bytes((b"\0\0\0" + text[: end + 1])[-4:], "little") for end in range(length)
    ]
    assert windows_of(text).tolist() == expected


@given(strings=strings_of, num_bytes=st.integers(0, 4), at_least=st.integers(1, 9))
def test_crowded_beginnings_are_those_with_many_longer_ones(
    strings: set[bytes], num_bytes: int, at_least: int
) -> None:
    """A whole string counts as one more than its bytes."""

    def num_longer(text: bytes) -> int:
        left = [string[num_bytes:] for string in strings if string.startswith(text)]
        beginnings = {rest[:end] for rest in left for end in range(1, len(rest) + 1)}
        return len(beginnings) + len([rest for rest in left if rest])

    starts = {string[:num_bytes] for string in strings if len(string) >= num_bytes}
    crowded = StringTree(strings).crowded(num_bytes, at_least)
    assert sorted(crowded) == sorted(text for text in starts if num_longer(text) >= at_least)


@settings(max_examples=40)
@given(strings=strings_of, before=texts)
def test_what_is_crowded_is_found_ahead_or_tried(strings: set[bytes], before: bytes) -> None:
    """No step is left with many beginnings to look for."""
    parts = [string[start : start + 3] for string in strings for start in range(len(string))]
    crossing = [before[-2:] + part for part in parts]
    vocabulary = Vocabulary([bytes([byte]) for byte in range(256)] + parts + crossing, ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(string_tokens, "_CROWD", 4)
        patch.setattr(string_tokens, "_FEW_TOKENS", 2)
        tokens = StringTokens(vocabulary, strings)
        tokens.prepare(before)
        find = Mock(return_value=np.array([], np.intp))
        patch.setattr(tokens, "_find", find)
        for string in strings:
            for length in range(len(string) + 1):
                tokens.allowed(string[:length])
        for start in range(len(before)):
            if vocabulary.index.has_longer(before[start:]):
                tokens.allowed(b"", before[start:])
    states = [call.args[0] for call in find.call_args_list]
    assert all(tokens.strings.num_after(state.written) < 4 for state in states)


@given(strings=strings_of)
def test_common_is_what_all_strings_go_on_with(strings: set[bytes]) -> None:
    tree = StringTree(strings)
    for text in {string[:length] for string in strings for length in range(4)}:
        common = text + tree.common_after(text)
        having = [string for string in strings if string.startswith(text)]
        assert all(string.startswith(common) for string in having)
        assert len({string[: len(common) + 1] for string in having}) > 1 or common in having


@given(tokens=st.lists(texts, min_size=1, max_size=20), prefix=short, than=st.integers(0, 4))
def test_tokens_that_begin_so_are_counted_and_found(
    tokens: list[bytes], prefix: bytes, than: int
) -> None:
    in_order = SortedTokens(tokens)
    ids = [index for index, text in enumerate(tokens) if text and text.startswith(prefix)]
    assert in_order.ids_with(prefix).tolist() == ids
    assert in_order.has_more(prefix, than) == (len(ids) > than)
    assert in_order.has_longer(prefix) == any(tokens[index] != prefix for index in ids)


ids_below_30 = st.sets(st.integers(0, 29)).map(lambda ids: np.array(sorted(ids), np.intp))


@given(some=ids_below_30, others=ids_below_30, num_scores=st.sampled_from([20, 30, 40]))
def test_two_sets_are_chosen_from_as_one(
    some: np.ndarray, others: np.ndarray, num_scores: int
) -> None:
    """Whether the model scores as many tokens as the vocabulary has, fewer or more."""
    both = AllowedTokens(some, token_set(others, 30))
    assert both.ids.tolist() == sorted({*some.tolist(), *others.tolist()})
    scores: Scores = np.random.default_rng(1).integers(0, 9, num_scores).astype(np.float32)
    draw = chooser_for(Sampling(temperature=1, seed=5), candidate=0)
    drawn = {choose_among(draw, scores, both) for _ in range(9)}
    assert drawn <= {*both.ids.tolist(), None}
    one = AllowedTokens(both.ids)
    assert choose_among(choose_likeliest, scores, both) == choose_among(
        choose_likeliest, scores, one
    )
