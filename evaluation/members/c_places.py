"""Where members are read and names are looked up in C and C++, by the syntax tree."""

from collections.abc import Iterator

from tree_sitter import Node

from evaluation.members.places import Place
from evaluation.members.site import MEMBER, SCOPED
from evaluation.members.tree_places import tree_places

_FIELDS = {"field_expression": "field", "qualified_identifier": "name"}
_WRAPPED = {
    "template_method": "name",
    "template_function": "name",
    "template_type": "name",
    "dependent_name": "",
    "qualified_identifier": "scope",  # the first name of those that follow
}
_NAMES = frozenset(("identifier", "field_identifier", "type_identifier", "namespace_identifier"))


def c_places(text: str, language: str) -> Iterator[Place]:
    """Yield the names behind `.` and `->`, and behind `::`, in the order of the tree.

    Code in `#define` is not in the tree. Names that are being defined (`void Class::name() {`) are
    left out, and so are operators and destructors.
    """
    return tree_places(text, language, _names)


def _names(node: Node) -> Iterator[tuple[str, Node]]:
    name = node.child_by_field_name(_FIELDS.get(node.type, ""))
    while name is not None and name.type in _WRAPPED:
        name = _unwrapped(name)
    if name is not None and name.type in _NAMES and not _is_defined(node):
        yield (MEMBER if node.type == "field_expression" else SCOPED), name


def _unwrapped(node: Node) -> Node | None:
    field = _WRAPPED[node.type]
    return node.child_by_field_name(field) if field else node.named_child(0)


def _is_defined(node: Node) -> bool:
    """Tell whether a qualified name, or one that it is a part of, names what is defined there."""
    parent = node.parent
    while parent is not None and parent.type == "qualified_identifier":
        node, parent = parent, parent.parent
    if parent is None or not parent.type.endswith("_declarator"):
        return False
    return parent.child_by_field_name("declarator") == node
