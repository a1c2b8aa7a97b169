"""What a file defines for others, by its syntax tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tree_sitter import Node

from evaluation.repo.grammar_words import GrammarWords

NAME_WORD = "identifier"
"""Every grammar has it in the types of its names."""
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression"})
_WRAPPERS = frozenset({"decorated_definition", "export_statement"})
_OWN = frozenset({"self", "this"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A name and what it stands for.

    Attributes:
        name: Without what it is a member of.
        start_line, stop_line: Of the whole, decorators included; 0-based, half-open.
        is_member: Whether it belongs to a type.
        is_callable: Whether it is a function or a type.
        body: Lines of a function's body, half-open; None where it has no lines of its own.
    """

    name: str
    start_line: int
    stop_line: int
    is_member: bool
    is_callable: bool
    body: tuple[int, int] | None = None


class _Level(Enum):
    TOP = 0
    MEMBER = 1
    LOCAL = 2  # inside a function, where names are nobody else's


def definitions_in(root: Node, words: GrammarWords) -> Iterator[Definition]:
    """Yield what a tree defines, in order, but for what is local to a function."""
    waiting = [(root, _Level.TOP)]
    while waiting:
        node, level = waiting.pop()
        if node.type in words.imports:
            continue
        if (found := _definition(node, level, words)) is not None:
            yield found
        inner = _inner_level(node, level, words)
        waiting.extend((child, inner) for child in reversed(node.named_children))


def _definition(node: Node, level: _Level, words: GrammarWords) -> Definition | None:
    if node.type in words.functions or node.type in words.types:
        name, is_callable = node.child_by_field_name("name"), True
    elif node.type in words.values:
        name = node.child_by_field_name(words.values[node.type])
        is_callable = _function_value(node) is not None
    else:
        return None
    if name is not None and _is_own_member(name, words):
        return _defined(name.named_children[-1], node, is_member=True, is_callable=False)
    if name is None or level is _Level.LOCAL or NAME_WORD not in name.type:
        return None
    is_member = level is _Level.MEMBER
    function = node if node.type in words.functions else _function_value(node)
    body = _body(function) if function is not None else None
    return _defined(name, node, is_member=is_member, is_callable=is_callable, body=body)


def _defined(
    name: Node,
    node: Node,
    *,
    is_member: bool,
    is_callable: bool,
    body: tuple[int, int] | None = None,
) -> Definition:
    whole = node
    while whole.parent is not None and whole.parent.type in _WRAPPERS:
        whole = whole.parent
    return Definition(
        name=text_of(name),
        start_line=whole.start_point.row,
        stop_line=whole.end_point.row + 1,
        is_member=is_member,
        is_callable=is_callable,
        body=body,
    )


def _is_own_member(name: Node, words: GrammarWords) -> bool:
    """Tell whether `name` is written as a member of the object itself, such as `self.size`."""
    return name.type in words.members and text_of(name.named_children[0]) in _OWN


def _function_value(node: Node) -> Node | None:
    value = node.child_by_field_name("value")
    return value if value is not None and value.type in _FUNCTION_VALUES else None


def _body(node: Node) -> tuple[int, int] | None:
    """Return the lines between a function's head and what closes it."""
    body = node.child_by_field_name("body")
    statements = body.named_children if body is not None else []
    if body is None or not statements:
        return None
    start, stop = statements[0].start_point.row, statements[-1].end_point.row + 1
    head = body.start_point.row if body.child(0) != statements[0] else node.start_point.row
    return (start, stop) if start > head else None


def _inner_level(node: Node, level: _Level, words: GrammarWords) -> _Level:
    if level is _Level.LOCAL or node.type in words.functions or _function_value(node) is not None:
        return _Level.LOCAL
    if node.type in words.types or node.type in words.containers:
        return _Level.MEMBER
    return level


def text_of(node: Node) -> str:
    """Return what stands there in the file."""
    return (node.text or b"").decode("utf-8", errors="replace")
