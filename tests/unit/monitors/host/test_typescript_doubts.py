"""When TypeScript's word is not taken: unknown bases, and values that may get new members."""

from typing import Any

import pytest

from monitors.host.bases import deciding_lines, has_unknown_base
from monitors.host.completion_items import read_list
from monitors.host.hovers import is_class, is_unresolved, may_be_extended

_METHODS = read_list([{"label": "push", "kind": 2}])
_FIELDS = read_list([{"label": "x", "kind": 5}])


def _hover(text: str) -> dict[str, Any]:
    return {"contents": {"kind": "plaintext", "value": text}}


def _diagnostic(code: int, line: int, start: int = 0, end: int = 0) -> dict[str, Any]:
    ends = [{"line": line, "character": character} for character in (start, end)]
    return {"code": code, "range": {"start": ends[0], "end": ends[1]}, "message": ""}


@pytest.mark.parametrize(
    ("hover", "is_it"),
    [
        (None, True),
        (_hover("any"), True),
        (_hover("type A.b = /*unresolved*/ any"), True),
        ({"contents": "any"}, True),
        (_hover("number"), False),
        (_hover("(property) f.made: number"), False),
        (_hover("number | undefined"), False),
    ],
)
def test_a_name_of_type_any_means_nothing(hover: Any, *, is_it: bool) -> None:
    assert is_unresolved(hover) is is_it


@pytest.mark.parametrize(
    "hover",
    [
        "const options: {\n    x: number;\n}",
        "(parameter) options: { x: 1; }",
        "function F(): void",
        'var exports: typeof import("./m")',
        "(property) exports: {\n    x: number;\n}",
        "namespace globalThis",
        "var window: Window & typeof globalThis",
    ],
)
def test_javascript_may_extend_literals_functions_and_exports(hover: Any) -> None:
    assert may_be_extended(_hover(hover), _METHODS)


@pytest.mark.parametrize("hover", ["const a: A", "this: this", "var Math: Math", "class A"])
def test_javascript_does_not_extend_what_has_a_class(hover: Any) -> None:
    assert not may_be_extended(_hover(hover), _FIELDS)


def test_the_result_of_a_call_is_taken_for_a_class_if_it_has_methods() -> None:
    assert not may_be_extended(None, _METHODS)
    assert may_be_extended(None, _FIELDS)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("class A", True),
        ("(alias) class A<T>\nimport A", True),
        ("abstract class A", True),
        ("const f: () => number", False),
        ("function classify(): void", False),
    ],
)
def test_a_class_is_told_from_a_function(text: str, *, is_it: bool) -> None:
    assert is_class(_hover(text)) is is_it


_IMPORTED_BASE = """import {
  Base,
  other,
} from "missing";
class A extends Base<string> { x = 1 }
"""


def test_a_base_from_a_module_that_is_not_found_is_unknown() -> None:
    assert has_unknown_base(_IMPORTED_BASE, [_diagnostic(2307, 3)])


def test_a_base_that_is_not_declared_is_unknown() -> None:
    text = "interface A\n  /*😀*/ extends Missing, Known { x: 1 }\n"
    assert has_unknown_base(text, [_diagnostic(2304, 1, 17, 24)])
    assert not has_unknown_base(text, [_diagnostic(2304, 1, 9, 16)])


def test_a_constraint_of_a_type_parameter_is_no_base() -> None:
    text = "function f<T extends Missing>(a: T) {}\ntype A<T> = T extends Missing ? 1 : 2;\n"
    assert not has_unknown_base(text, [_diagnostic(2304, 0, 21, 28)])
    assert deciding_lines(text) == ""


def test_lines_are_counted_as_the_protocol_does() -> None:
    text = _IMPORTED_BASE.replace("\n", "\r\n")
    assert has_unknown_base(text, [_diagnostic(2307, 3)])


@pytest.mark.parametrize(
    "diagnostics",
    [[], [_diagnostic(2322, 3)], [_diagnostic(2304, 0)]],
    ids=["none", "other", "far"],
)
def test_other_diagnostics_say_nothing_about_bases(diagnostics: list[dict[str, Any]]) -> None:
    assert not has_unknown_base(_IMPORTED_BASE, diagnostics)


def test_what_is_imported_but_not_extended_does_no_harm() -> None:
    text = 'import { other } from "missing";\nclass A extends Own {}\nclass Own {}\n'
    assert not has_unknown_base(text, [_diagnostic(2307, 0)])


def test_bases_are_looked_at_again_only_when_an_import_or_a_base_changes() -> None:
    before = deciding_lines(_IMPORTED_BASE)
    assert before
    assert deciding_lines(_IMPORTED_BASE + "const y = 2;\n") == before
    assert deciding_lines(_IMPORTED_BASE.replace("missing", "found")) != before
    assert deciding_lines('import { a } from "b";\n') == ""
