"""Names out of the completion lists of language servers. Nothing here asks anything.

A list is made for people: labels are decorated, what is inserted may bring a `?.` or brackets
with it, words of the text stand in for what is not known, and names from elsewhere are offered
with an edit that would import them.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple

Item = dict[str, Any]

_NAME = re.compile(r"#?[^\W\d][\w$]*|#?\$[\w$]*")


class ItemKind(IntEnum):
    """Kinds of the Language Server Protocol that matter here."""

    TEXT = 1
    METHOD = 2
    FUNCTION = 3
    CONSTRUCTOR = 4
    FIELD = 5
    VARIABLE = 6
    CLASS = 7
    INTERFACE = 8
    MODULE = 9
    PROPERTY = 10
    ENUM = 13
    KEYWORD = 14
    SNIPPET = 15
    FILE = 17
    FOLDER = 19
    ENUM_MEMBER = 20
    CONSTANT = 21
    STRUCT = 22


NOT_NAMES = frozenset({ItemKind.TEXT, ItemKind.KEYWORD, ItemKind.SNIPPET})
"""Words of the text, the language's own words, and templates."""

_MEMBER_KEYWORDS = frozenset({"template"})


class Listed(NamedTuple):
    """A completion list as it came."""

    items: tuple[Item, ...] = ()
    is_incomplete: bool = False

    def kinds(self) -> frozenset[int]:
        """Return the kinds that occur."""
        return frozenset(item.get("kind", 0) for item in self.items)


def read_list(answer: Any) -> Listed:
    """Return what a server answered to `textDocument/completion`, in any of its forms."""
    if answer is None:
        return Listed()
    if isinstance(answer, list):
        return Listed(tuple(answer))
    return Listed(tuple(answer.get("items", ())), bool(answer.get("isIncomplete")))


def inserted_text(item: Item) -> str:
    """Return what an item would write."""
    edit = item.get("textEdit") or {}
    text: str = edit.get("newText") or item.get("insertText") or item["label"]
    return text


def bare_name(item: Item) -> str | None:
    """Return an item's name; None if what it writes is none that can follow a dot.

    `?.name` is the name of a member of a value that may be missing; `["a-b"]` is no name.
    """
    text = inserted_text(item).strip().removeprefix("?.")
    return text if _NAME.fullmatch(text) else None


def is_imported_with_it(item: Item) -> bool:
    """Tell whether choosing an item would first import its name: it is not in scope yet."""
    data = item.get("data")
    from_elsewhere = isinstance(data, dict) and (data.get("source") or data.get("autoImport"))
    return bool(from_elsewhere or item.get("additionalTextEdits"))


def names_in(items: Iterable[Item], without: frozenset[int] = NOT_NAMES) -> frozenset[str]:
    """Return the names of the items, without those of some kinds and those to be imported."""
    wanted = (item for item in items if item.get("kind", 0) not in without)
    return frozenset(
        name for item in wanted if not is_imported_with_it(item) and (name := bare_name(item))
    )


def importable_names(items: Iterable[Item], path: str) -> frozenset[str]:
    """Return what may follow `path` in an import.

    Java's server would write the statement's end too (`List;`), and packages with their whole path
    (`java.util.concurrent.*;`).
    """
    texts = (inserted_text(item).removesuffix(";").removeprefix(path) for item in items)
    return frozenset(name for text in texts if (name := text.split(".")[0]).isidentifier())


def string_values(items: Iterable[Item]) -> frozenset[str]:
    """Return the string literals among the items, without their quotes."""
    constants = (item for item in items if item.get("kind") == ItemKind.CONSTANT)
    return frozenset(inserted_text(item).strip("'\"`") for item in constants)


def is_of_members(listed: Listed) -> bool:
    """Tell whether a list of clangd's is one of members.

    It is not if it has words of the text, which come while the headers are read, or the
    language's own, which come where the dot was taken for a mistake.
    """
    return not any(
        item.get("kind") == ItemKind.TEXT
        or (item.get("kind") == ItemKind.KEYWORD and inserted_text(item) not in _MEMBER_KEYWORDS)
        for item in listed.items
    )


def operator_name(listed: Listed) -> frozenset[str]:
    """Return `operator` where one can be called by name."""
    has_any = any(inserted_text(item).startswith("operator") for item in listed.items)
    return frozenset({"operator"} if has_any else ())
