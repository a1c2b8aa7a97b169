"""Names in a file by its syntax tree, for the languages that tree-sitter reads."""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from completion.grammars import parsed_tree
from evaluation.members.places import Place

NamesOf = Callable[[Node], Iterator[tuple[str, Node]]]
"""Yields the names of one node, without those of the nodes in it, each after what it is."""


def tree_places(text: str, language: str, names_of: NamesOf) -> Iterator[Place]:
    """Yield the names of a file in the order of the tree; none of what the grammar cannot read.

    Args:
        text: Of the file.
        language: An LSP language identifier.
        names_of: Tells which names of a node are wanted.
    """
    source = text.encode("utf-8", errors="replace")
    waiting = [parsed_tree(source, language).root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(reversed(node.named_children))
        if not node.has_error:
            yield from (_place(sort, name, source) for sort, name in names_of(node))


def _place(sort: str, name: Node, source: bytes) -> Place:
    """Return a place; the tree counts columns in bytes."""
    start = name.start_byte - name.start_point.column
    before = source[start : name.start_byte].decode("utf-8", errors="replace")
    return Place(sort, (name.text or b"").decode(), name.start_point.row, len(before))
