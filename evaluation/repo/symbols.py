"""What a file defines, uses and imports, by its syntax tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import groupby

from tree_sitter import Node

from completion.grammars import parsed_tree
from evaluation.repo.grammar_words import WORDS, GrammarWords

_PLAIN_NAMES = frozenset({"identifier", "type_identifier", "shorthand_property_identifier"})
_NAME_WORD = "identifier"  # every grammar has it in the types of its names
_STRING_WORDS = ("string", "char_literal")
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


@dataclass(frozen=True, slots=True)
class Use:
    """A name that stands somewhere, not where it is defined or imported."""

    name: str
    line: int
    is_member: bool  # of something, behind a dot
    is_called: bool


@dataclass(frozen=True, slots=True)
class Import:
    """Names that come from elsewhere; `module` as it is written, in Rust its first part."""

    module: str
    names: frozenset[str]


@dataclass(frozen=True)
class Symbols:
    """What stands in a file.

    Attributes:
        definitions: Names of the file itself and members of its types, in the order of the text.
        uses: In the order of the text.
        imports: Likewise.
        code_lines: Lines that begin with code: no comment, no string alone, no import.
    """

    definitions: tuple[Definition, ...]
    uses: tuple[Use, ...]
    imports: tuple[Import, ...]
    code_lines: frozenset[int]

    @cached_property
    def defined_names(self) -> frozenset[str]:
        """All names the file defines."""
        return frozenset(each.name for each in self.definitions)

    @cached_property
    def uses_by_line(self) -> dict[int, tuple[Use, ...]]:
        """The uses of each line that has some."""
        return {line: tuple(uses) for line, uses in groupby(self.uses, lambda use: use.line)}


class _Level(Enum):
    TOP = 0
    MEMBER = 1
    LOCAL = 2  # inside a function, where names are nobody else's


def read_symbols(text: str, language: str) -> Symbols:
    """Take a file apart. Cost: one parse, and two walks over the tree.

    Raises:
        KeyError: If nothing is known of the language's grammar.
    """
    words = WORDS[language]
    root = parsed_tree(text.encode("utf-8", errors="replace"), language).root_node
    definitions = tuple(_definitions(root, words))
    leaves = list(_leaves(root, words))
    return Symbols(
        definitions=definitions,
        uses=tuple(_uses(leaves, words)),
        imports=tuple(_import(node) for node in _import_nodes(root, words)),
        code_lines=_code_lines(leaves, words),
    )


def names_in(text: str, language: str) -> list[str]:
    """Return the names in a piece of code, in order; what is broken is read as far as it goes."""
    root = parsed_tree(text.encode("utf-8", errors="replace"), language).root_node
    return [_text(leaf) for leaf in _leaves(root, WORDS[language]) if _NAME_WORD in leaf.type]


def _definitions(root: Node, words: GrammarWords) -> Iterator[Definition]:
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
    if name is None or level is _Level.LOCAL or _NAME_WORD not in name.type:
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
        name=_text(name),
        start_line=whole.start_point.row,
        stop_line=whole.end_point.row + 1,
        is_member=is_member,
        is_callable=is_callable,
        body=body,
    )


def _is_own_member(name: Node, words: GrammarWords) -> bool:
    """Tell whether `name` is written as a member of the object itself, such as `self.size`."""
    return name.type in words.members and _text(name.named_children[0]) in _OWN


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


def _leaves(root: Node, words: GrammarWords) -> Iterator[Node]:
    """Walk the smallest nodes in order, without imports; a string or comment is one of them."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in words.imports:
            continue
        is_whole = node.is_named and any(word in node.type for word in _STRING_WORDS)
        if node.child_count and not is_whole and node.type not in words.comments:
            waiting.extend(reversed(node.children))
        elif node.end_byte > node.start_byte:
            yield node


def _uses(leaves: Sequence[Node], words: GrammarWords) -> Iterator[Use]:
    for leaf in leaves:
        parent = leaf.parent
        if parent is None or _NAME_WORD not in leaf.type:
            continue
        is_member = _is_field(leaf, parent, words.members)
        called = parent if is_member else leaf
        is_called = called.parent is not None and _is_field(called, called.parent, words.calls)
        if is_member or (leaf.type in _PLAIN_NAMES and not _is_name_of(leaf, parent)):
            yield Use(_text(leaf), leaf.start_point.row, is_member, is_called)


def _is_field(node: Node, parent: Node, fields: Mapping[str, str]) -> bool:
    """Tell whether a node stands in the field that is named for its parent's type."""
    field = fields.get(parent.type)
    return field is not None and parent.child_by_field_name(field) == node


def _is_name_of(leaf: Node, parent: Node) -> bool:
    """Tell whether a name is only said here: a definition's, a parameter's, an argument's."""
    return parent.child_by_field_name("name") == leaf


def _code_lines(leaves: Sequence[Node], words: GrammarWords) -> frozenset[int]:
    """Return the lines that begin with code and hold a word of it."""
    lines, previous_stop = set(), -1
    for line, group in groupby(leaves, lambda leaf: leaf.start_point.row):
        own = list(group)
        begins_with_code = previous_stop < line and own[0].type not in words.comments
        if begins_with_code and any(_is_word(leaf, words) for leaf in own):
            lines.add(line)
        previous_stop = own[-1].end_point.row
    return frozenset(lines)


def _is_word(leaf: Node, words: GrammarWords) -> bool:
    is_string = any(word in leaf.type for word in _STRING_WORDS)
    has_letter = any(character.isalpha() for character in _text(leaf))
    return has_letter and not is_string and leaf.type not in words.comments


def _import_nodes(root: Node, words: GrammarWords) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in words.imports:
            yield node
        else:
            waiting.extend(reversed(node.named_children))


def _import(node: Node) -> Import:
    module = node.child_by_field_name("module_name") or node.child_by_field_name("source")
    names = [
        _text(leaf)
        for child in node.named_children
        if child != module
        for leaf in _names_under(child)
    ]
    written = _text(module).strip("\"'") if module is not None else _first_leaf(node)
    return Import(written, frozenset(names))


def _names_under(node: Node) -> Iterator[Node]:
    if not node.child_count and _NAME_WORD in node.type:
        yield node
    for child in node.named_children:
        yield from _names_under(child)


def _first_leaf(node: Node) -> str:
    """Return what an import without a module's name begins with, behind its keywords."""
    while node.named_child_count:
        node = next(
            (child for child in node.named_children if child.type != "visibility_modifier"), node
        )
    return _text(node)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", errors="replace")
