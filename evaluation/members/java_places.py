"""Where members are read and types are imported in Java, by the syntax tree."""

from collections.abc import Iterator

from tree_sitter import Node

from evaluation.members.places import Place
from evaluation.members.site import IMPORT, MEMBER
from evaluation.members.tree_places import tree_places

_NAMES = frozenset(("identifier", "type_identifier"))


def java_places(text: str) -> Iterator[Place]:
    """Yield the names behind `.` and `::`, and the last ones of imports, in the tree's order.

    Words of the language (`.class`, `::new`) are no names.
    """
    return tree_places(text, "java", _names)


def _names(node: Node) -> Iterator[tuple[str, Node]]:
    if (name := _member(node)) is not None and name.type in _NAMES:
        yield MEMBER, name
    if node.type == "import_declaration" and (name := _imported(node)) is not None:
        yield IMPORT, name


def _member(node: Node) -> Node | None:
    match node.type:
        case "method_invocation" if node.child_by_field_name("object") is not None:
            return node.child_by_field_name("name")
        case "field_access":
            return node.child_by_field_name("field")
        case "method_reference" | "scoped_type_identifier":
            return node.child(node.child_count - 1)
    return None


def _imported(node: Node) -> Node | None:
    path = next((child for child in node.named_children if child.type == "scoped_identifier"), None)
    return path.child_by_field_name("name") if path is not None else None
