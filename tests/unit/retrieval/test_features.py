import numpy as np
import pytest

from retrieval.features import FEATURES, STOP_FEATURES, features_of
from retrieval.query import query_of
from retrieval.types import Chunk, Place

_DOCUMENT = """\
from shop.cart import Cart

def total(cart: Cart, rate: Rate) -> int:
    basket = open_basket(cart)
    price = basket.
"""

_CART = Chunk("shop/cart.py", 3, "class Cart:\n    def open(self):\n        return 1", 8.0)
_BASKET = Chunk("bank/basket.py", 0, "import x\n\ndef open_basket(cart):\n    pass", 4.0)
_RATE = Chunk("bank/rate.py", 0, "class Rate:\n    pass", 2.0)


def looked_at(candidates: list[Chunk], text: str = _DOCUMENT, end: str = "basket.") -> list[dict]:
    place = Place("shop/total.py", text, text.rindex(end) + len(end))
    table = features_of(place, query_of(place), candidates).candidates
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in table]


def of_query(candidates: list[Chunk], text: str, end: str) -> dict[str, float]:
    place = Place("shop/total.py", text, text.rindex(end) + len(end))
    values = features_of(place, query_of(place), candidates).query
    return dict(zip(STOP_FEATURES, values.tolist(), strict=True))


def test_the_first_stage_counts_by_score_and_rank() -> None:
    rows = looked_at([_BASKET, _CART])
    assert [row["lexical_share"] for row in rows] == [0.5, 1.0]
    assert [row["lexical_rank"] for row in rows] == [0.5, 1.0]


def test_what_a_chunk_defines_is_found_in_all_parts_of_the_document() -> None:
    cart, basket, rate = looked_at([_CART, _BASKET, _RATE])
    assert basket["defines_current"] == 0.5  # open_basket
    assert basket["defines_source"] == 0.5
    assert cart["defines_source"] == 0.0
    assert rate["defines_scope"] == 0.5
    assert cart["defines_scope"] == 0.5
    assert cart["defines_imported"] == 0.5
    assert cart["imported_from"] == 1.0
    assert cart["imported_there"] == 0.5
    assert basket["imported_from"] == basket["imported_there"] == 0.0


def test_imports_that_wait_for_their_use_are_seen() -> None:
    text = "from shop.cart import Cart\nfrom bank import Rate\n\nx = Rate()\n"
    use = Chunk("a.py", 0, "Cart()\nRate()", 1.0)
    cart, rate, user = looked_at([_CART, _RATE, use], text, "x = ")
    assert cart["defines_unused"] == 0.5
    assert rate["defines_unused"] == user["defines_unused"] == 0.0
    # Two candidates have the name: 0.5 / 1.5.
    assert cart["mentions_unused"] == user["mentions_unused"] == pytest.approx(1 / 3)
    assert rate["mentions_unused"] == 0.0


def test_uses_of_what_the_place_is_made_of_are_seen() -> None:
    use = Chunk("bank/use.py", 0, "print(open_basket(1))", 1.0)
    basket, user, rate = looked_at([_BASKET, use, _RATE])
    assert user["defines_source"] == 0.0
    assert user["mentions_source"] == pytest.approx(1 / 3)
    assert basket["mentions_source"] > user["mentions_source"]  # it has `cart`, too
    assert rate["mentions_source"] == 0.5


def test_a_name_that_several_define_says_less() -> None:
    other = Chunk("bank/more.py", 0, "def open_basket(): ...", 1.0)
    rows = looked_at([_BASKET, other])
    # Half a name each: 0.5 / 1.5.
    assert [row["defines_current"] for row in rows] == pytest.approx([1 / 3, 1 / 3])


def test_what_the_document_defines_is_not_sought() -> None:
    (row,) = looked_at([Chunk("bank/sum.py", 0, "def total(): ...", 1.0)])
    assert row["defines_recent"] == row["defines_scope"] == 0.0


def test_paths_are_compared_by_folder_and_words() -> None:
    cart, basket, _ = looked_at([_CART, _BASKET, _RATE])
    assert cart["same_folder"] == 1.0
    assert basket["same_folder"] == 0.0
    assert cart["path_overlap"] == 0.5  # shop, py of shop, py, total, cart
    assert basket["path_overlap"] == pytest.approx(0.2)
    assert basket["path_named"] == 1.0


def test_lines_are_counted() -> None:
    cart, basket, _ = looked_at([_CART, _BASKET, _RATE])
    assert cart["length"] == pytest.approx(0.1)
    assert basket["imports"] == pytest.approx(1 / 3)


def test_the_query_says_whether_anything_is_needed() -> None:
    row = of_query([_CART, _BASKET, _RATE], _DOCUMENT, "basket.")
    assert row["always"] == row["member_access"] == 1.0
    assert row["begins_line"] == 0.0
    assert row["best_definition"] == 0.5
    assert row["best_lexical"] == pytest.approx(np.log(9) / 8)
    assert row["query_lines"] == pytest.approx(4 / 20)
    own = of_query([], "def total(): ...\ny = total", "= total")
    assert own["names_own"] == 1.0
    imported = of_query([], "from a import Cart\n\nCart", "Cart")
    assert imported["names_imported"] == 1.0


def test_no_candidates_have_no_features() -> None:
    place = Place("a.py", "x = 1\n", 6)
    features = features_of(place, query_of(place), [])
    assert features.candidates.shape == (0, len(FEATURES))
    assert features.query.shape == (len(STOP_FEATURES),)


def test_all_lie_between_0_and_1() -> None:
    place = Place("shop/total.py", _DOCUMENT, len(_DOCUMENT))
    candidates = [_CART, _BASKET, _RATE, Chunk("x", 0, "", 1e9), Chunk("x", 0, "a" * 9999, -3.0)]
    features = features_of(place, query_of(place), candidates)
    for values in (features.candidates, features.query):
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1
