"""What a call takes, by signatures as servers send them."""

from typing import Any

import pytest

from monitors.host.signature_help import read_call


def _help(*signatures: dict[str, Any]) -> dict[str, Any]:
    return {"signatures": list(signatures), "activeSignature": 0}


def _signature(label: str, *parameters: str) -> dict[str, Any]:
    return {"label": label, "parameters": [{"label": parameter} for parameter in parameters]}


@pytest.mark.parametrize("answer", [None, {}, {"signatures": []}])
def test_without_a_signature_nothing_is_known(answer: Any) -> None:
    assert read_call(answer, "x") is None


def test_optional_parameters_count_and_names_cannot_be_given() -> None:
    call = read_call(
        _help(_signature("f(a: number, b?: string): void", "a: number", "b?: string")), "typescript"
    )
    assert call is not None
    assert call.most_positional == 2
    assert call.keywords == frozenset()
    assert not call.takes_any_keyword
    assert call.analyser == "typescript"


def test_the_most_generous_overload_counts() -> None:
    call = read_call(
        _help(
            _signature("substring(int a) : String", "int a"),
            _signature("substring(int a, int b) : String", "int a", "int b"),
        ),
        "jdtls",
    )
    assert call is not None
    assert call.most_positional == 2


@pytest.mark.parametrize(
    "rest", ["...data: any[]", "String... names", "Args &&...args", "...", "T t..."]
)
def test_a_rest_parameter_takes_any_number(rest: str) -> None:
    call = read_call(_help(_signature(f"f({rest})", rest)), "x")
    assert call is not None
    assert call.most_positional is None


def test_a_callback_with_a_rest_parameter_is_one_argument() -> None:
    parameter = "callback: (...args: any[]) => void"
    call = read_call(_help(_signature(f"on({parameter}): void", parameter)), "typescript")
    assert call is not None
    assert call.most_positional == 1


def test_no_parameters_means_no_arguments() -> None:
    call = read_call(_help({"label": "Z(): Z"}), "typescript")
    assert call is not None
    assert call.most_positional == 0


def test_labels_may_be_ranges_in_utf16() -> None:
    label = "f(𠮷 a, int b = 1, ...) -> void"
    ranges = [[2, 6], [8, 17], [19, 22]]
    assert label.encode("utf-16-le")[2 * 19 : 2 * 22].decode("utf-16-le") == "..."
    signature = {"label": label, "parameters": [{"label": place} for place in ranges]}
    call = read_call(_help(signature), "clangd")
    assert call is not None
    assert call.most_positional is None
