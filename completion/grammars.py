"""Text as lexemes by a tree-sitter grammar, which also finds them in broken code."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from tree_sitter import Language, Node, Parser, Tree

from completion.lexemes import Lexeme, LexemeKind, bracket_kind

GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "javascriptreact": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "typescriptreact": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
}
"""Module and function of each language's grammar, loaded at its first use."""
_STRING_WORDS = ("string", "char_literal", "character_literal", "rune_literal", "regex")
_COMMENT_WORD = "comment"


def has_grammar(language: str) -> bool:
    """Tell whether an LSP language identifier has a grammar, and it can be loaded."""
    return language in GRAMMARS and _language(language) is not None


def parsed_lexemes(text: str, language: str, start: int = 0) -> Iterator[Lexeme]:
    """Cut `text` into lexemes by the grammar of `language`.

    Args:
        text: Parsed from its beginning.
        language: An LSP language identifier.
        start: Offset in code points; lexemes that end at or before it are left out.

    Raises:
        KeyError: If the language has no grammar; see `has_grammar`, which is to be asked first.
    """
    source = text.encode("utf-8", errors="replace")
    to_offset = _offsets(text, source)
    first_byte = len(text[: max(0, start)].encode("utf-8", errors="replace"))
    root = parsed_tree(source, language).root_node
    for node in _leaves(root, first_byte):
        content = source[node.start_byte : node.end_byte].decode("utf-8", errors="replace")
        begin, end = to_offset(node.start_byte), to_offset(node.end_byte)
        kind = _kind(node, content)
        yield Lexeme(kind, begin, end, content, _is_closed(kind, content))


def parsed_tree(source: bytes, language: str) -> Tree:
    """Parse text in UTF-8 by the grammar of `language`; broken code has a tree too.

    Raises:
        KeyError: If the language has no grammar; see `has_grammar`, which is to be asked first.
    """
    return Parser(_language(language)).parse(source)  # a parser is not thread-safe


@cache
def _language(language: str) -> Language | None:
    module, function = GRAMMARS[language]
    try:
        return Language(getattr(import_module(module), function)())
    except (ImportError, AttributeError, ValueError):  # missing, or made for another version
        return None


def _offsets(text: str, source: bytes) -> Callable[[int], int]:
    """Return a function from byte offsets to code points, for offsets that only grow."""
    if len(text) == len(source):
        return lambda byte_offset: byte_offset
    passed_bytes = passed_characters = 0

    def to_offset(byte_offset: int) -> int:
        nonlocal passed_bytes, passed_characters
        between = source[passed_bytes:byte_offset].decode("utf-8", errors="replace")
        passed_bytes, passed_characters = byte_offset, passed_characters + len(between)
        return passed_characters

    return to_offset


def _leaves(root: Node, first_byte: int) -> Iterator[Node]:
    """Walk the smallest nodes in order; a string or comment is one of them."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= first_byte:
            continue
        if node.child_count and not _is_literal(node):
            waiting.extend(reversed(node.children))
        elif node.end_byte > node.start_byte and not node.is_missing:
            yield node


def _is_literal(node: Node) -> bool:
    return node.is_named and any(word in node.type for word in (*_STRING_WORDS, _COMMENT_WORD))


def _kind(node: Node, content: str) -> LexemeKind:
    if not _is_literal(node):
        return bracket_kind(content)
    return LexemeKind.COMMENT if _COMMENT_WORD in node.type else LexemeKind.STRING


def _is_closed(kind: LexemeKind, content: str) -> bool:
    """Tell whether what follows a literal is outside of it; a line comment has no end."""
    return kind is not LexemeKind.COMMENT or content.endswith("*/")
