"""Where names are read, imported and given to calls in Python, by the syntax tree."""

import ast
from collections.abc import Iterator

from evaluation.members.places import Place
from evaluation.members.site import IMPORT, KEYWORD, MEMBER


def python_places(text: str) -> Iterator[Place]:
    """Yield the names of a file in the order of the tree; none of code that Python cannot read.

    Names inside of f-strings are left out: before Python 3.12 the tree does not say where they
    stand.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    lines = text.split("\n")
    for node in _outside_of_strings(tree):
        yield from _places(node, lines)


def _outside_of_strings(root: ast.AST) -> Iterator[ast.AST]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.JoinedStr):
            waiting.extend(ast.iter_child_nodes(node))


def _places(node: ast.AST, lines: list[str]) -> Iterator[Place]:
    match node:
        case ast.Attribute(
            attr=name, ctx=ast.Load(), end_lineno=int(line), end_col_offset=int(end)
        ):
            yield _place(MEMBER, name, line, end - len(name.encode()), lines)
        case ast.ImportFrom(names=names):
            for each in names:
                if each.name != "*":
                    yield _place(IMPORT, each.name, each.lineno, each.col_offset, lines)
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                if keyword.arg is not None:
                    yield _place(KEYWORD, keyword.arg, keyword.lineno, keyword.col_offset, lines)


def _place(sort: str, name: str, line: int, column_bytes: int, lines: list[str]) -> Place:
    """Return a place; the tree counts lines from 1, and columns in bytes of UTF-8."""
    column = len(lines[line - 1].encode()[:column_bytes].decode("utf-8", errors="replace"))
    return Place(sort, name, line - 1, column)
