from retrieval.query import query_of
from retrieval.surroundings import Surroundings, enclosing_lines, source_lines, surroundings_of
from retrieval.types import Place

_DOCUMENT = """\
from shop.cart import Cart

def total(cart: Cart, rate: Rate) -> int:
    basket = Basket(cart)
    for item in basket.items:
        price = item.
"""


def at(text: str, end: str) -> Surroundings:
    place = Place("shop/total.py", text, text.index(end) + len(end))
    return surroundings_of(place, query_of(place))


def test_lines_enclose_the_cursor_by_their_indentation() -> None:
    before = (
        "class A(B):\n    x = 1\n\n    def f(self):\n        y = 2\n        if y:\n            "
    )
    assert [line.strip() for line in enclosing_lines(before)] == [
        "if y:",
        "def f(self):",
        "class A(B):",
    ]


def test_parameters_on_lines_of_their_own_enclose_too() -> None:
    before = "def f(\n    client: Client,\n) -> None:\n    client."
    assert list(enclosing_lines(before)) == [") -> None:", "    client: Client,", "def f("]


def test_behind_a_heading_the_heading_encloses() -> None:
    assert list(enclosing_lines("class A(B):\n")) == ["class A(B):"]


def test_nothing_encloses_the_outermost_code() -> None:
    assert list(enclosing_lines("x = 1\ny = ")) == []
    assert list(enclosing_lines("")) == []


def test_lines_that_give_a_name_its_value_or_type_are_its_sources() -> None:
    text = "a: A = 1\nb = B()\nc == a\nself.b = D\nwith e as b:\nab = 3\nx::b\n"
    assert list(source_lines(text, frozenset({"b"}))) == ["b = B()", "self.b = D", "with e as b:"]


def test_names_are_told_apart_by_where_they_stand() -> None:
    around = at(_DOCUMENT, "item.")
    assert around.last == {"price", "item"}
    assert {"Basket", "cart"} <= around.current
    assert {"Cart", "Rate", "total"} <= around.scope
    assert around.own == {"total"}
    assert around.imported == {"Cart"}
    assert around.is_member_access
    assert not around.begins_line


def test_an_import_is_unused_until_it_occurs_again() -> None:
    around = at("from a import b, c, d as e\n\nc.d()\nb_2 = ", "b_2 = ")
    assert around.imported == {"b", "c", "d"}
    assert around.unused == {"b"}


def test_what_a_name_of_the_last_line_was_made_of_is_a_source() -> None:
    around = at(_DOCUMENT, "in basket.")
    assert "Basket" in around.source


def test_the_beginning_of_a_line_is_seen() -> None:
    around = at("x = 1\n    ", "    ")
    assert around.begins_line
    assert not around.is_member_access
