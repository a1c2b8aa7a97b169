"""Where names are read and imported in TypeScript and JavaScript, by the syntax tree."""

from collections.abc import Iterator

from tree_sitter import Node

from evaluation.members.places import Place
from evaluation.members.site import IMPORT, MEMBER
from evaluation.members.tree_places import tree_places

_MEMBERS = {
    "member_expression": "property",
    "nested_identifier": "property",
    "nested_type_identifier": "name",
}
_WRITTEN = {"assignment_expression": "left", "augmented_assignment_expression": "left"}


def typescript_places(text: str, language: str) -> Iterator[Place]:
    """Yield the names of a file in the order of the tree.

    Of imports only those that stand on other lines than the module they come from: the line is
    cut at the name, and without the module nobody can know what it has.
    """
    return tree_places(text, language, _names)


def _names(node: Node) -> Iterator[tuple[str, Node]]:
    if (name := _member(node)) is not None:
        yield MEMBER, name
    if (name := _import(node)) is not None:
        yield IMPORT, name


def _member(node: Node) -> Node | None:
    name = node.child_by_field_name(_MEMBERS.get(node.type, ""))
    return None if _is_written(node) else name


def _is_written(node: Node) -> bool:
    """Tell whether a member may be defined there."""
    parent = node.parent
    field = _WRITTEN.get(parent.type) if parent is not None else None
    return field is not None and parent is not None and parent.child_by_field_name(field) == node


def _import(node: Node) -> Node | None:
    name = node.child_by_field_name("name") if node.type == "import_specifier" else None
    if name is None:
        return None
    module = _statement(node).child_by_field_name("source")
    is_cut_off = module is None or module.start_point.row == name.start_point.row
    return None if is_cut_off else name


def _statement(node: Node) -> Node:
    while node.type != "import_statement" and node.parent is not None:
        node = node.parent
    return node
