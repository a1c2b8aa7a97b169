"""Text as terms: whole identifiers and the words they are made of."""

import pytest

from retrieval.terms import terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("+ - ( ) {};", []),
        ("name", ["name"]),
        ("NAME", ["name"]),
        ("getName", ["getname", "get", "name"]),
        ("get_name", ["get_name", "get", "name"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("parseURL", ["parseurl", "parse", "url"]),
        ("__init__", ["__init__", "init"]),
        ("_x", ["_x", "x"]),
        ("__", ["__"]),
        ("utf8", ["utf8", "utf", "8"]),
        ("MAX_FILE_BYTES", ["max_file_bytes", "max", "file", "bytes"]),
        ("größe Straße", ["größe", "straße"]),
        ("выборДанных", ["выборданных", "выбор", "данных"]),
        ("読み込み file", ["読み込み", "file"]),
        ("a.b(c)", ["a", "b", "c"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms


def test_case_of_query_and_document_does_not_matter() -> None:
    assert terms_of("LiveCache")[1:] == terms_of("live cache")
