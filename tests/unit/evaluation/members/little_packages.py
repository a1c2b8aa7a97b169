"""Small packages in which it is known where names stand."""

from collections.abc import Mapping

from evaluation.corpus.catalogue import ArchiveKind
from evaluation.corpus.fetching import PackageSource
from evaluation.members.selection import NameCounts, PackageSites
from evaluation.members.site import NameSite
from tests.unit.evaluation.made_up_packages import made_up_entry

SHOP = '''\
import json
from shop.store import OrderStore, open_store as opened


class Shop(OrderStore, metaclass=type):
    def __init__(self, folder):
        self.title = "größe"; self.books = opened(folder, is_fresh=True)

    def close(self):
        """Forget the books."""
        books = self.books
        del self.title
        return f"{self.title} {books}"

    def sell(self, order, **options):
        return OrderStore.enqueue(self, order, retries=2, **options)
'''

STORE = """\
class OrderStore:
    def enqueue(self, order, retries=1):
        return order.number
"""

FRONT = """\
import { one, type Two } from "./one";
import {
  three,
  four as vier,
} from "./three";

export class Box {
  #size = 1;
  grow(by?: Box): ns.Inner {
    this.width = by?.width + this.#size;
    const größe = "größe".length; vier.reset().then(three);
    return delete this.width;
  }
}
"""

SHED = """\
#include "shed.h"
#define WIDTH(shed) ((shed)->width)
static int größe(struct shed *shed) {
    struct shed other = {.door = 1};
    other.width = shed->door; /* ä */ return shed[0].width;
}
"""

BARN = """\
#include <vector>
using fmt::print;
std::vector<int> Barn::grow(Barn::Kind kind) {
    auto other = made::fmt::from<Kind>(kind);
    std::vector<int>::iterator begin = all.begin();
    all.template emplace<int>(Kind::Wide);
    ::optional();
    return this->size();
}
"""

ATTIC = """\
package house;

import java.util.List;
import static java.util.Collections.emptyList;
import java.io.*;

class Attic extends Room {
    Map.Entry<String, Integer> box;
    int[] grow(List<String> names) {
        this.getClass().add(String::valueOf, Box::new, Attic.class);
        System.out.println("größe".length());
    }
}
"""


def little_source(
    files: Mapping[str, str] | None = None,
    name: str = "shop",
    archive: ArchiveKind = ArchiveKind.WHEEL,
) -> PackageSource:
    texts = dict(files or {"shop/front.py": SHOP, "shop/store.py": STORE})
    return PackageSource(made_up_entry(name, archive), {"2.0": texts, "1.0": {}})


def sites_of(source: PackageSource) -> PackageSites:
    return PackageSites(source, NameCounts([source.latest]))


def one_site(sort: str = "member", name: str = "books") -> NameSite:
    return next(each for each in sites_of(little_source()).sites(sort, 0) if each.name == name)
