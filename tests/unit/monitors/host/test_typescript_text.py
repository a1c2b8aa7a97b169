"""What TypeScript's text says by itself."""

from pathlib import Path

import pytest

from monitors.host.ambient_types import ambient_types
from monitors.host.analysers import Document
from monitors.host.typescript_text import begins_statement, type_parameters


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("function f<uint extends Z>(a: ", {"uint"}),
        ("type Blobs<const blobs = Bytes, data extends X = Y> = { a: ", {"blobs", "data"}),
        ("interface Map<\n  in K,\n  out V,\n> { get(key: ", {"K", "V"}),
        ("const a: ", set()),
    ],
)
def test_type_parameters_are_in_scope_before_their_declaration_is_ended(
    before: str, names: set[str]
) -> None:
    assert type_parameters(before, len(before)) == names


def test_only_what_stands_before_declares() -> None:
    text = "let a: \nfunction f<T>() {}"
    assert type_parameters(text, 7) == frozenset()


@pytest.mark.parametrize("text", ["f.", "  f.", "a(); f.", "{ f.", "}\n\t$f1."])
def test_a_statement_may_begin_with_a_member(text: str) -> None:
    assert begins_statement(text, len(text))


@pytest.mark.parametrize("text", ["return f.", "a = f.", "g(f.", "a.f.", "f()."])
def test_within_an_expression_nothing_is_defined(text: str) -> None:
    assert not begins_statement(text, len(text))


def _document(path: Path, text: str) -> Document:
    return Document(path, "typescript", text)


def test_types_installed_around_a_document_are_put_in_front_of_it(tmp_path: Path) -> None:
    for name in ("node_modules/@types/node", "app/node_modules/@types/jest"):
        (tmp_path / name).mkdir(parents=True)
    path = tmp_path / "app" / "src" / "a.ts"
    assert ambient_types(_document(path, "let a;")) == (
        '/// <reference types="jest" />\n/// <reference types="node" />\n'
    )
    assert ambient_types(_document(path, "#!/usr/bin/env node\nlet a;")) == ""


def test_without_such_types_nothing_is_put_in_front(tmp_path: Path) -> None:
    assert ambient_types(_document(tmp_path / "a.ts", "let a;")) == ""
