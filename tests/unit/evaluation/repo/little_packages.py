"""Packages made by hand, of which it is known what stands where."""

from collections.abc import Mapping

from completion.families import QWEN_CODER, Family
from completion.layout import Layout
from completion.tokenization import Tokenization
from evaluation.corpus.fetching import PackageSource
from evaluation.repo.prompts import Budget, RepoPrompter
from evaluation.repo.selection import PackageTasks
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.evaluation.made_up_packages import made_up_entry

STORE = '''\
"""Keeps orders."""

LIMIT = 20


class OrderStore:
    """All orders."""

    capacity: int = LIMIT

    def __init__(self, folder):
        self.folder = folder
        self.pending_orders = []

    def enqueue_order(self, order):
        """Keep an order until it is sent."""
        self.pending_orders.append(order)
        return len(self.pending_orders)


def open_store(folder, *, is_fresh=False):
    store = OrderStore(folder)
    if is_fresh:
        store.pending_orders.clear()
    return store
'''

SHOP = '''\
"""Sells things."""

import json

from shop.store import OrderStore, open_store


class Shop:
    """Takes orders."""

    def __init__(self, folder):
        self.title = "shop"
        self.books = open_store(folder, is_fresh=True)

    def sell(self, order):
        number = self.books.enqueue_order(order)
        print("sold as number", number)
        return number

    def describe(self):
        text = json.dumps({"title": self.title})
        return text.upper() + self.title.upper()


def close_everything(shops):
    for shop in shops:
        shop.books = None
        shop.title = "closed by " + shop.title
    return [shop.describe() for shop in shops]
'''

MAIN = '''\
"""Begins."""

from shop.front import Shop


def main(folder):
    shop = Shop(folder)
    return shop.sell({"what": "bread"})
'''

FILES = {"shop/front.py": SHOP, "shop/main.py": MAIN, "shop/store.py": STORE}


def little_source(files: Mapping[str, str] = FILES, name: str = "shop") -> PackageSource:
    return PackageSource(made_up_entry(name), {"2.0": dict(files), "1.0": {}})


def little_package(files: Mapping[str, str] = FILES, name: str = "shop") -> PackageTasks:
    return PackageTasks(little_source(files, name), lambda line: len(line.split()))


def prompter_of(family: Family = QWEN_CODER, budget: Budget | None = None) -> RepoPrompter:
    tokenization = Tokenization(small_tokenizer())
    return RepoPrompter(Layout(family, tokenization), tokenization, budget or Budget(200, 120, 40))
