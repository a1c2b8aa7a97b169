"""What is made for good is not looked through again."""

import gc

import pytest

from engine.permanent import permanent


def test_what_is_made_within_is_out_of_the_search_and_the_rest_is_not() -> None:
    with permanent():
        assert not gc.isenabled()
        kept: list[object] = [[]]
    later: list[object] = [[]]
    assert gc.isenabled()
    searched = {id(each) for each in gc.get_objects()}
    assert id(kept) not in searched
    assert id(later) in searched
    gc.unfreeze()


def test_a_failure_leaves_the_search_running() -> None:
    with pytest.raises(ValueError, match="broken"), permanent():
        raise ValueError("broken")
    assert gc.isenabled()
    gc.unfreeze()
