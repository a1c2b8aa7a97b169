"""Names out of completion lists, item by item as servers send them."""

from typing import Any

import pytest

from monitors.host.completion_items import (
    ItemKind,
    bare_name,
    importable_names,
    is_imported_with_it,
    is_of_members,
    names_in,
    operator_name,
    read_list,
    string_values,
)

_EDIT_RANGE = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}


def test_a_list_comes_in_three_forms() -> None:
    item = {"label": "a"}
    assert read_list(None).items == ()
    assert read_list([item]).items == (item,)
    assert read_list({"isIncomplete": True, "items": [item]}) == ((item,), True)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"label": "push", "kind": 2}, "push"),
        (
            {"label": "minimum?", "filterText": "minimum", "textEdit": {"newText": "minimum"}},
            "minimum",
        ),
        ({"label": "size", "insertText": "?.size", "filterText": "size"}, "size"),
        ({"label": " push_back(value_type &&x)", "insertText": "push_back"}, "push_back"),
        ({"label": "charAt(int arg0) : char", "insertText": "charAt"}, "charAt"),
        ({"label": "$brand", "kind": 6}, "$brand"),
        ({"label": "#hidden", "kind": 5}, "#hidden"),
        ({"label": "größe", "kind": 5}, "größe"),
        ({"label": "𠮷", "kind": 5}, "𠮷"),
        ({"label": "a-b", "insertText": '["a-b"]', "filterText": ".a-b"}, None),
        ({"label": "4", "insertText": "[4]"}, None),
        ({"label": "operator=", "insertText": "operator="}, None),
        ({"label": "~Shape", "insertText": "~Shape"}, None),
        ({"label": "C::RED", "insertText": "C::RED"}, None),
    ],
)
def test_a_name_is_what_would_be_written_if_that_is_one(
    item: dict[str, Any], name: str | None
) -> None:
    assert bare_name(item) == name


def test_an_edit_counts_more_than_the_text_beside_it() -> None:
    item = {
        "label": "then",
        "insertText": "old",
        "textEdit": {"newText": "then", "insert": _EDIT_RANGE, "replace": _EDIT_RANGE},
    }
    assert bare_name(item) == "then"


@pytest.mark.parametrize(
    "item",
    [
        {"label": "Foo", "data": {"source": "./foo"}},
        {"label": "Foo", "data": {"autoImport": {"moduleSpecifier": "./foo"}}},
        {"label": "Foo", "additionalTextEdits": [{"newText": "import Foo;\n"}]},
    ],
)
def test_a_name_that_must_first_be_imported_is_not_in_scope(item: dict[str, Any]) -> None:
    assert is_imported_with_it(item)
    assert names_in([item]) == frozenset()


def test_data_of_an_unknown_form_is_no_import() -> None:
    assert names_in([{"label": "foo", "data": "opaque"}]) == {"foo"}


def test_words_of_the_text_of_the_language_and_templates_are_no_names() -> None:
    items = [
        {"label": "word", "kind": ItemKind.TEXT},
        {"label": "typeof", "kind": ItemKind.KEYWORD},
        {"label": "forof", "kind": ItemKind.SNIPPET},
        {"label": "member", "kind": ItemKind.METHOD},
    ]
    assert names_in(items) == {"member"}


def test_keywords_stay_where_they_are_wanted() -> None:
    items = [{"label": "string", "kind": ItemKind.KEYWORD}, {"label": "w", "kind": ItemKind.TEXT}]
    assert names_in(items, without=frozenset({ItemKind.TEXT})) == {"string"}


def test_string_values_come_without_their_quotes() -> None:
    items = [
        {"label": '"open"', "kind": ItemKind.CONSTANT},
        {"label": "shut", "kind": ItemKind.CONSTANT},
        {"label": "other", "kind": ItemKind.VARIABLE},
    ]
    assert string_values(items) == {"open", "shut"}


@pytest.mark.parametrize(
    "stranger",
    [
        {"label": " word", "kind": ItemKind.TEXT},
        {"label": "while", "kind": ItemKind.KEYWORD, "insertText": "while"},
    ],
)
def test_a_list_with_words_of_the_text_or_of_the_language_is_none_of_members(
    stranger: dict[str, Any],
) -> None:
    members = [
        {"label": " get", "kind": ItemKind.METHOD, "insertText": "get"},
        {"label": " template", "kind": ItemKind.KEYWORD, "insertText": "template"},
    ]
    assert is_of_members(read_list(members))
    assert not is_of_members(read_list([*members, stranger]))


def test_an_operator_can_be_called_by_its_word() -> None:
    assign = {"label": " operator=(int)", "insertText": "operator=", "kind": ItemKind.METHOD}
    assert operator_name(read_list([assign])) == {"operator"}
    assert operator_name(read_list([{"label": "x", "kind": ItemKind.FIELD}])) == frozenset()


def test_an_import_goes_on_with_one_name() -> None:
    """Java's server ends the statement itself, and repeats the path of packages."""
    texts = ("List;", "Map.Entry;", "java.util.concurrent.*;", "java.util.concurrent.atomic.*;")
    items = [{"label": text.rstrip(";"), "textEdit": {"newText": text}} for text in texts]
    assert importable_names(items, "java.util.") == {"List", "Map", "concurrent"}
    assert importable_names([{"label": "import java.io"}], "java.util.") == frozenset()
