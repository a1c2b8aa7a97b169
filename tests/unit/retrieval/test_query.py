from retrieval.query import query_of
from retrieval.types import Place


def test_a_query_ends_at_the_cursor() -> None:
    text = "first = 1\n\n  \nsecond = fir\nthird = 3\n"
    place = Place("a.py", text, text.index("fir\n") + 3)
    assert query_of(place) == "first = 1\nsecond = fir"


def test_a_query_has_the_last_twenty_lines_that_are_not_blank() -> None:
    text = "\n\n".join(f"line{number}" for number in range(30))
    assert query_of(Place("a.py", text, len(text))).splitlines() == [
        f"line{number}" for number in range(10, 30)
    ]


def test_an_empty_line_at_the_cursor_is_no_line_of_the_query() -> None:
    text = "if x:\n    "
    assert query_of(Place("a.py", text, len(text))) == "if x:"


def test_of_a_very_long_line_the_end_is_taken() -> None:
    text = "x" * 100_000 + "y"
    query = query_of(Place("a.py", text, len(text)))
    assert query == "x" * 399 + "y"


def test_nothing_before_the_cursor_is_an_empty_query() -> None:
    assert query_of(Place("a.py", "x = 1", 0)) == ""
