from retrieval.lexical import LexicalIndex
from retrieval.proposing import MOST_NAMES, names_sought, propose
from retrieval.query import query_of
from retrieval.surroundings import surroundings_of
from retrieval.types import Chunk, Place

_DOCUMENT = """\
from shop.cart import Cart
from shop.rate import Rate, spread

def total(cart: Cart, currency: Currency):
    basket = Basket(cart)
    amount = basket.
"""
_OFFSET = _DOCUMENT.index("basket.\n") + 7
_PLACE = Place("pay.py", _DOCUMENT, _OFFSET)


def index_of(**texts: str) -> LexicalIndex:
    index = LexicalIndex()
    index.replace("pay.py", _DOCUMENT)
    for number in range(20):  # or all words would be common ones
        index.replace(f"other_{number}.py", "nothing = of_the_kind")
    for name, text in texts.items():
        index.replace(f"{name}.py", text)
    return index


def proposed(index: LexicalIndex, num_candidates: int) -> dict[str, Chunk]:
    query = query_of(_PLACE)
    return {chunk.path: chunk for chunk in propose(index, _PLACE, query, num_candidates)}


def test_the_most_telling_names_are_sought_first() -> None:
    names = names_sought(surroundings_of(_PLACE, query_of(_PLACE)))
    assert names[:2] == ("Basket", "cart")
    assert names.index("Currency") < names.index("Rate") < len(names)
    assert {"Cart", "spread"} <= set(names)
    assert "total" not in names


def test_no_more_names_are_sought_than_there_is_time_for() -> None:
    text = f"from a import {', '.join(f'name_{number}' for number in range(100))}\n"
    around = surroundings_of(Place("a.py", text, len(text)), "")
    assert len(names_sought(around)) == MOST_NAMES


def test_definitions_are_candidates_where_nothing_else_is_alike() -> None:
    index = index_of(
        alike="def total(cart):\n    amount = basket.total(cart)",
        rate="class Rate:\n    pass",
        uses="print(Rate)",
    )
    assert list(proposed(index, 1)) == ["alike.py", "rate.py"]


def test_definitions_come_behind_with_no_score() -> None:
    index = index_of(
        alike="def total(cart):\n    amount = basket.total(cart)", rate="class Rate:\n    pass"
    )
    found = proposed(index, 1)
    assert found["alike.py"].score > 0
    assert found["rate.py"].score == 0


def test_a_definition_that_is_alike_is_one_candidate() -> None:
    index = index_of(basket="class Basket:\n    def total(self, cart):\n        ...")
    found = propose(index, _PLACE, query_of(_PLACE), 10)
    assert [chunk.path for chunk in found] == ["basket.py"]
    assert found[0].score > 0


def test_the_document_itself_is_never_proposed() -> None:
    assert proposed(index_of(), 10) == {}
