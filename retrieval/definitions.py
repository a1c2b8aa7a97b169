"""Text as chunks, the other way: functions and classes as the grammar of a language finds them."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath

from tree_sitter import Language, Node, Parser

from retrieval.chunking import Span, blocks, chunks_from_spans, chunks_of, lines_of, merged
from retrieval.types import Chunk

MAX_DEFINITION_LINES = 40
"""A longer one is cut where definitions in it begin and end, and else at blank lines."""

_GRAMMARS = {
    (".py", ".pyi"): ("tree_sitter_python", "language"),
    (".js", ".mjs", ".cjs", ".jsx"): ("tree_sitter_javascript", "language"),
    (".ts", ".mts", ".cts"): ("tree_sitter_typescript", "language_typescript"),
    (".tsx",): ("tree_sitter_typescript", "language_tsx"),
    (".java",): ("tree_sitter_java", "language"),
    (".go",): ("tree_sitter_go", "language"),
    (".rs",): ("tree_sitter_rust", "language"),
    (".c",): ("tree_sitter_c", "language"),
    (".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp"): ("tree_sitter_cpp", "language"),
}
_BY_SUFFIX = {suffix: place for suffixes, place in _GRAMMARS.items() for suffix in suffixes}
_DEFINITIONS = frozenset(
    [
        *("function_definition", "class_definition", "decorated_definition"),
        *("function_declaration", "class_declaration", "abstract_class_declaration"),
        *("generator_function_declaration", "method_definition", "interface_declaration"),
        *("enum_declaration", "type_alias_declaration", "method_declaration"),
        *("constructor_declaration", "record_declaration", "type_declaration"),
        *("function_item", "struct_item", "enum_item", "trait_item", "impl_item", "mod_item"),
        *("macro_definition", "class_specifier", "struct_specifier", "namespace_definition"),
        *("template_declaration", "enum_specifier"),
    ]
)
_LEADING = frozenset({"comment", "line_comment", "block_comment", "attribute_item"})
_MAX_NESTING = 20


def definition_chunks_of(path: str, text: str) -> tuple[Chunk, ...]:
    """Cut a file into chunks so that each definition is one, with the comment before it.

    What lies between definitions is cut as `chunks_of` does it, and so is a file in a language
    without a grammar. Like there, chunks do not overlap and hold every line that is not blank.
    """
    language = _language(PurePosixPath(path).suffix)
    if language is None:
        return chunks_of(path, text)
    lines = lines_of(text)
    root = Parser(language).parse("\n".join(lines).encode(errors="replace")).root_node
    return chunks_from_spans(path, lines, _spans(root, lines, (0, len(lines)), _MAX_NESTING))


@cache
def _language(suffix: str) -> Language | None:
    if suffix not in _BY_SUFFIX:
        return None
    module, function = _BY_SUFFIX[suffix]
    try:
        return Language(getattr(import_module(module), function)())
    except (ImportError, AttributeError, ValueError):  # missing, or made for another version
        return None


def _spans(node: Node, lines: list[str], span: Span, nesting: int) -> Iterator[Span]:
    """Cut the lines of a node at the definitions in it."""
    at, end = span
    for definition in _definitions(node) if nesting else ():
        first = max(at, _first_line(definition))
        last = min(end, definition.end_point.row + 1)
        if first >= last:  # it begins and ends on lines of the one before
            continue
        yield from merged(blocks(lines, at, first))
        if last - first <= MAX_DEFINITION_LINES:
            yield first, last
        else:
            yield from _spans(definition, lines, (first, last), nesting - 1)
        at = last
    yield from merged(blocks(lines, at, end))


def _definitions(node: Node) -> Iterator[Node]:
    """Walk the outermost definitions inside a node, in order."""
    waiting = list(reversed(node.named_children))
    while waiting:
        child = waiting.pop()
        if child.type not in _DEFINITIONS:
            waiting.extend(reversed(child.named_children))
        else:
            yield child


def _first_line(definition: Node) -> int:
    """Return the line of a definition, or of the comment that stands right before it."""
    first, before = definition.start_point.row, definition.prev_named_sibling
    while before is not None and before.type in _LEADING and before.end_point.row + 1 >= first:
        first, before = min(first, before.start_point.row), before.prev_named_sibling
    return first
