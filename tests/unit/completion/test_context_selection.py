"""What is worth a place in the prompt, and what is said of the rest."""

from completion.context.selection import Origin, select
from retrieval.types import Chunk, Considered, Retrieval

QUERY = "total = basket.price_of(apple) + delivery"
HELPS = Chunk("shop/basket.py", 0, "def price_of(apple):\n    return 3\n", 4.0)
LESS = Chunk("shop/delivery.py", 0, "delivery = 2\n", 1.0)


def found(*chunks: Chunk, stop_score: float | None = None, query: str = QUERY) -> Retrieval:
    considered = tuple(Considered(chunk, chunk.score) for chunk in chunks)
    return Retrieval(chunks, considered, query, stop_score)


def reasons(retrieval: Retrieval, *edited: Chunk) -> dict[str, str]:
    selection = select(retrieval, edited)
    return {passage.chunk.path: passage.left_out for passage in selection.passages}


def test_gains_compare_with_the_best_and_with_nothing() -> None:
    gains = [passage.gain for passage in select(found(HELPS, LESS), ()).passages]
    assert gains == [1.0, 0.25]
    gains = [passage.gain for passage in select(found(HELPS, LESS, stop_score=2.0), ()).passages]
    assert gains == [1.0, 0.0]


def test_a_score_below_zero_can_be_better_than_nothing() -> None:
    chunk = Chunk("a.py", 0, "a = 1\n", -1.0)
    (passage,) = select(found(chunk, stop_score=-3.0), ()).passages
    assert passage.gain == 1.0


def test_the_retriever_s_reasons_stay() -> None:
    considered = (Considered(HELPS, 4.0), Considered(LESS, 1.0, left_out="no better than nothing"))
    assert reasons(Retrieval((HELPS,), considered, QUERY)) == {
        "shop/basket.py": "",
        "shop/delivery.py": "no better than nothing",
    }


def test_chunks_without_an_account_of_how_they_were_found_are_taken() -> None:
    assert select(Retrieval((HELPS,), (), QUERY), ()).chosen[0].chunk == HELPS


def test_secrets_are_left_out_with_the_reason() -> None:
    env = Chunk(".env", 0, "PRICE=apple basket delivery\n", 9.0)
    key = Chunk("shop/pay.py", 0, "password = 'hR7!kq9Zp2Lx0w'\n", 8.0)
    recent = Chunk("prod.env", 0, "total basket price apple delivery\n", 0.0)
    assert reasons(found(env, key, HELPS), recent) == {
        ".env": "the file is one for secrets",
        "shop/pay.py": "it holds a password or key",
        "prod.env": "the file is one for secrets",
        "shop/basket.py": "",
    }


def test_an_edited_place_that_shares_as_many_words_is_as_good() -> None:
    edited = Chunk("shop/till.py", 7, "total = basket.price_of(pear)\n", 0.0)
    passage = select(found(HELPS), [edited]).chosen[1]
    assert (passage.chunk.path, passage.origin) == ("shop/till.py", Origin.RECENT_EDIT)
    assert passage.gain == 1.0
    assert passage.lexical_score is None


def test_an_edited_place_with_other_words_is_left_out() -> None:
    edited = Chunk("shop/cats.py", 7, "cats.purr()\n", 0.0)
    assert reasons(found(HELPS), edited)["shop/cats.py"] == (
        "it has too little to do with this place"
    )
    assert reasons(found(), edited)["shop/cats.py"]


def test_an_edited_place_counts_where_nothing_else_is_found() -> None:
    edited = Chunk("shop/till.py", 7, "total = basket.price_of(pear)\n", 0.0)
    assert reasons(found(), edited) == {"shop/till.py": ""}


def test_lines_are_quoted_once() -> None:
    edited = Chunk("shop/basket.py", 1, "    return 3\n\ntotal = basket.price_of(apple)\n", 0.0)
    (passage,) = select(found(HELPS), [edited]).left_out
    assert passage.left_out == "its lines are there already"


def test_without_a_query_no_edited_place_is_like_it() -> None:
    assert select(found(query=""), [HELPS]).chosen == ()
