"""Token sequences as differences: what arrives equals what was declared, or is asked for whole."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError, UnknownBaseError, WireError
from engine.protocol.tokens import (
    REMEMBERED_DOCUMENTS,
    SplicedTokens,
    TokenDeclarer,
    TokenLedger,
    WholeTokens,
    pack_tokens,
    unpack_tokens,
)
from engine.tokens import MAX_TOKEN

tokens = st.lists(st.integers(0, 3) | st.integers(0, MAX_TOKEN), max_size=12)


@given(st.lists(tokens, max_size=6))
def test_every_sequence_arrives_as_declared(sequences: list[list[int]]) -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    for sequence in sequences:
        change = declarer.declare("a", sequence)
        assert ledger.apply("a", change).tolist() == sequence


def test_one_edit_costs_its_own_length() -> None:
    declarer = TokenDeclarer()
    declarer.declare("a", range(8000))
    change = declarer.declare("a", [*range(4000), 9, 9, *range(4000, 8000)])
    assert isinstance(change, SplicedTokens)
    assert (change.start, change.stop) == (4000, 4000)
    assert unpack_tokens(change.inserted, "").tolist() == [9, 9]


def test_tokens_travel_as_little_endian_int32() -> None:
    assert pack_tokens([1, 258]) == b"\1\0\0\0\2\1\0\0"
    with pytest.raises(WireError, match="5 bytes"):
        unpack_tokens(b"12345", "tokens")
    with pytest.raises(EngineError, match="token ids"):
        pack_tokens([2**31])


def test_a_change_of_an_unknown_base_is_refused() -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    declarer.declare("a", [1, 2])
    missed = declarer.declare("a", [1, 2, 3])
    with pytest.raises(UnknownBaseError, match="none is held"):
        ledger.apply("a", missed)
    ledger.apply("a", WholeTokens(7, pack_tokens([1])))
    with pytest.raises(UnknownBaseError, match="revision 7 is held"):
        ledger.apply("a", missed)


def test_forgetting_makes_the_next_declaration_whole() -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    ledger.apply("a", declarer.declare("a", [1, 2]))
    declarer.forget("a")
    ledger.forget("a")
    change = declarer.declare("a", [1, 2, 3])
    assert isinstance(change, WholeTokens)
    assert ledger.apply("a", change).tolist() == [1, 2, 3]


@pytest.mark.parametrize("flaw", [{"stop": 9}, {"start": 2, "stop": 1}, {"start": -1}])
def test_a_change_outside_its_base_is_a_wire_error(flaw: dict[str, int]) -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    ledger.apply("a", declarer.declare("a", [1, 2, 3]))
    change = declarer.declare("a", [1, 9, 3])
    with pytest.raises(WireError, match="outside a sequence of 3"):
        ledger.apply("a", dataclasses.replace(change, **flaw))


def test_ends_that_differ_are_found_by_the_checksum() -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    ledger.apply("a", declarer.declare("a", [1, 2, 3]))
    change = declarer.declare("a", [1, 9, 3])
    with pytest.raises(UnknownBaseError, match="came out different"):
        ledger.apply("a", dataclasses.replace(change, start=0))


def test_both_ends_forget_the_same_documents() -> None:
    declarer, ledger = TokenDeclarer(), TokenLedger()
    rng = np.random.default_rng(0)
    for document in rng.integers(0, 2 * REMEMBERED_DOCUMENTS, size=600):
        name = str(document)
        sequence = rng.integers(0, 9, size=3)
        change = declarer.declare(name, sequence.tolist())
        assert ledger.apply(name, change).tolist() == sequence.tolist()
