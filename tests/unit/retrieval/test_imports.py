import pytest

from retrieval.imports import Import, imports_of, is_imported, module_of


def is_file_imported(path: str, text: str, other: str) -> bool:
    return any(is_imported(each, module_of(other)) for each in imports_of(path, text))


@pytest.mark.parametrize(
    ("path", "text", "other"),
    [
        ("a/b.py", "from shop.cart import Cart", "src/shop/cart.py"),
        ("a/b.py", "from shop import cart", "shop/cart.py"),
        ("a/b.py", "from shop import Cart", "shop/__init__.py"),
        ("a/b.py", "import shop.cart as sc", "shop/cart.py"),
        ("a/b.py", "from .c import D", "a/c.py"),
        ("a/b/c.py", "from ..d.e import F", "a/d/e.py"),
        ("a/b/c.py", "from . import d", "a/b/d.py"),
        ("a/b.py", "from shop.cart import (\n    Cart,\n    Item as I,\n)", "shop/cart.py"),
        ("a/b.py", "import tools", "src/tools.py"),
        ("src/a/b.ts", 'import { Cart, type Item } from "./shop/cart.js";', "src/a/shop/cart.ts"),
        ("src/a/b.ts", "import type {\n  Cart,\n} from '../shop'", "src/shop/index.ts"),
        ("src/a/b.ts", 'export * from "@/shop/cart"', "src/shop/cart.ts"),
        ("a/b.js", "const cart = require('./cart')", "a/cart.js"),
        ("src/main.rs", "use crate::shop::cart::{Cart, Item};", "src/shop/cart.rs"),
        ("src/shop/cart.rs", "use super::item::Item;", "src/shop/item.rs"),
        ("src/lib.rs", "pub mod shop;", "src/shop/mod.rs"),
        ("a/b.c", '#include "shop/cart.h"', "include/shop/cart.h"),
        ("a/B.java", "import org.shop.Cart;", "src/org/shop/Cart.java"),
    ],
)
def test_a_file_is_imported(path: str, text: str, other: str) -> None:
    assert is_file_imported(path, text, other)


@pytest.mark.parametrize(
    ("path", "text", "other"),
    [
        ("a/b.py", "import json", "a/deep/json.py"),  # the standard library's
        ("a/b.py", "from .c import D", "x/c.py"),
        ("a/b.py", "from shop.cart import Cart", "shop/item.py"),
        ("src/a/b.ts", 'import { Cart } from "./cart"', "src/cart.ts"),
        ("a/b.py", "x = 'from shop.cart import Cart'", "shop/cart.py"),
        ("src/main.rs", "use crate::shop::cart::Cart;", "src/bank/cart.rs"),
    ],
)
def test_a_file_is_not_imported(path: str, text: str, other: str) -> None:
    assert not is_file_imported(path, text, other)


def test_names_are_those_of_the_other_file() -> None:
    text = "from a.b import C as D, e\n"
    assert imports_of("x.py", text) == (Import(("a", "b"), frozenset({"C", "e"})),)


def test_branches_of_a_rust_tree_are_imports_of_their_own() -> None:
    found = imports_of("src/main.rs", "use a::{b, c::{D, E as F}};")
    assert {(each.module, *each.names) for each in found} == {
        (("a",), "b"),
        (("a", "c"), "D"),
        (("a", "c"), "E"),
    }
