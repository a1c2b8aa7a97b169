"""From packages to tasks: what is defined and used where, and which lines are asked for."""

import pytest

from evaluation.fidelity.case import FILL_IN, PREFIX
from evaluation.repo.definitions import Definition
from evaluation.repo.selection import all_tasks
from evaluation.repo.symbols import names_in, read_symbols
from evaluation.repo.task import API, CROSSFILE, FUNCTION, KINDS, LINE, LOCAL
from tests.unit.evaluation.repo.little_packages import FILES, SHOP, STORE, little_package

TYPESCRIPT = """\
import { Ledger, type Entry } from "./ledger";

export const total = (entries: Entry[]) => {
  return entries.length;
};

export class Books {
  open = new Ledger();

  book(entry: Entry) {
    // into the ledger
    return this.open.append_entry(entry);
  }
}
"""

RUST = """\
use crate::ledger::{Entry, Ledger};

pub struct Books {
    open: Ledger,
}

impl Books {
    pub fn book(&mut self, entry: Entry) -> usize {
        self.open.append_entry(entry)
    }
}
"""


def lines_found(kind: str, path: str) -> set[str]:
    """Return the first lines of all targets of a kind in a file."""
    lines = FILES[path].split("\n")
    places = little_package().places(kind)
    return {lines[target.start].strip() for found, target in places if found == path}


def test_definitions_of_python() -> None:
    found = {each.name: each for each in read_symbols(STORE, "python").definitions}
    assert found["LIMIT"] == Definition("LIMIT", 2, 3, is_member=False, is_callable=False)
    assert found["OrderStore"].is_callable
    assert found["pending_orders"].is_member
    assert found["capacity"].is_member
    assert found["enqueue_order"].body == (15, 18)
    assert "store" not in found


@pytest.mark.parametrize(
    ("text", "language", "functions"),
    [(TYPESCRIPT, "typescript", {"total", "book"}), (RUST, "rust", {"book"})],
)
def test_other_languages(text: str, language: str, functions: set[str]) -> None:
    symbols = read_symbols(text, language)
    assert {each.name for each in symbols.definitions if each.body} == functions
    assert {"Books", "open"} <= symbols.defined_names
    (imported,) = symbols.imports
    assert {"Ledger", "Entry"} <= imported.names
    called = {use.name for use in symbols.uses if use.is_called}
    assert "append_entry" in called
    assert 0 not in symbols.code_lines


def test_strings_comments_and_imports_are_no_code() -> None:
    lines = SHOP.split("\n")
    code = {lines[line].strip() for line in read_symbols(SHOP, "python").code_lines}
    assert "class Shop:" in code
    assert not {'"""Sells things."""', "import json", '"""Takes orders."""'} & code
    text = 'x = """one\ntwo\n""" + call(y)\n# z\nz = 1\n'
    assert read_symbols(text, "python").code_lines == {0, 4}


def test_names_stand_in_order_and_strings_hold_none() -> None:
    assert names_in('    return a.b(c, "d", e=1)', "python") == ["a", "b", "c", "e"]


def test_crossfile_lines_use_what_other_files_define() -> None:
    assert lines_found(CROSSFILE, "shop/front.py") == {
        "self.books = open_store(folder, is_fresh=True)",
        "number = self.books.enqueue_order(order)",
    }


def test_what_stands_behind_a_module_of_the_package_is_of_another_file() -> None:
    """However the module came in; a module of another package says nothing."""
    text = """\
import os
import shop.store as keeper
import shop
from shop import store

def work(folder):
    keeper.open_store(folder)
    store.open_store(folder)
    shop.open_store(folder)
    os.open_store(folder)
    return shop
"""
    names = little_package({**FILES, "shop/work.py": text, "shop/odd.py": "shop = 1\n"}).names
    lines = text.split("\n")
    found = {
        lines[line].strip(): set(names.foreign_names("shop/work.py", line))
        for line in range(len(lines))
    }
    assert found["keeper.open_store(folder)"] == {"open_store"}
    assert found["store.open_store(folder)"] == {"open_store"}
    assert found["shop.open_store(folder)"] == {"open_store"}
    assert found["return shop"] == set()
    assert found["os.open_store(folder)"] == set()


def test_local_lines_use_nothing_of_other_files() -> None:
    found = lines_found(LOCAL, "shop/front.py")
    assert 'print("sold as number", number)' in found
    assert 'text = json.dumps({"title": self.title})' in found
    assert not found & lines_found(CROSSFILE, "shop/front.py")


def test_calls_are_of_what_the_package_defines() -> None:
    found = lines_found(API, "shop/front.py")
    assert "return [shop.describe() for shop in shops]" in found
    assert "number = self.books.enqueue_order(order)" in found
    assert 'text = json.dumps({"title": self.title})' not in found


def test_a_body_begins_behind_its_documentation_and_is_cut_at_its_budget() -> None:
    package = little_package()
    bodies = {(path, target.start): target for path, target in package.places(FUNCTION)}
    lines = STORE.split("\n")
    first = lines.index("        self.pending_orders.append(order)")
    assert bodies["shop/store.py", first] == range(first, first + 2)
    cut = package.cut_body([f"{'word ' * 40}\n", "\n", f"{'word ' * 40}\n", "more " * 40], range(4))
    assert cut == range(3)


def test_a_line_that_stands_twice_in_its_file_is_not_asked_for() -> None:
    """It could be copied from the context, which says nothing about retrieval."""
    line = 'print("sold as number", number)'
    repeated = SHOP.replace("    return [", f"        {line}\n    return [")
    package = little_package({**FILES, "shop/front.py": repeated})
    lines, places = repeated.split("\n"), package.places(LINE)
    asked = {lines[target.start].strip() for path, target in places if path == "shop/front.py"}
    assert line not in asked
    assert "number = self.books.enqueue_order(order)" in asked


@pytest.mark.parametrize("layout", [PREFIX, FILL_IN])
def test_document_and_target_are_the_file(layout: str) -> None:
    for kind in KINDS:
        for task in all_tasks(kind, layout, [little_package()], per_package=9, seed=3):
            text = FILES[task.path]
            if layout == FILL_IN:
                assert task.before + task.target + task.after == text
                assert not task.target.startswith(" ")
            else:
                assert text.startswith(task.before + task.target + "\n")
                assert task.after == ""
            assert task.num_lines == len(task.target.split("\n"))
            assert task.place.text[: task.place.offset] == task.before


def test_both_layouts_ask_for_the_same_and_seeds_for_something_else() -> None:
    def keys(layout: str, seed: int) -> list[str]:
        tasks = all_tasks(LINE, layout, [little_package()], per_package=3, seed=seed)
        return [task.key.split("/", 2)[2].rsplit("/", 1)[0] for task in tasks]

    assert keys(PREFIX, 0) == keys(FILL_IN, 0) == keys(PREFIX, 0)
    assert any(keys(PREFIX, 0) != keys(PREFIX, seed) for seed in range(1, 5))


def test_packages_take_turns() -> None:
    packages = [little_package(name="first"), little_package(name="second")]
    tasks = list(all_tasks(LINE, PREFIX, packages, per_package=2, seed=0))
    assert [task.package for task in tasks] == ["first 2.0", "second 2.0"] * 2


def test_a_line_of_another_file_is_told() -> None:
    other = SHOP.replace("Shop", "Stall")
    package = little_package({**FILES, "shop/stall.py": other})
    assert package.is_copied("shop/front.py", '        print("sold as number", number)')
    assert not package.is_copied("shop/main.py", "    shop = Shop(folder)")
