"""What a file defines, uses and imports, by its syntax tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from tree_sitter import Node

from completion.grammars import parsed_tree
from evaluation.repo.definitions import NAME_WORD, Definition, definitions_in, text_of
from evaluation.repo.grammar_words import WORDS, GrammarWords

_PLAIN_NAMES = frozenset({"identifier", "type_identifier", "shorthand_property_identifier"})
_STRING_WORDS = ("string", "char_literal")
_WHOLE_IMPORTS = frozenset({"import_statement"})


@dataclass(frozen=True, slots=True)
class Use:
    """A name that stands somewhere, not where it is defined or imported.

    Attributes:
        name: As it stands there.
        line: 0-based.
        is_member: Whether it belongs to something before it, behind a dot or two colons.
        is_called: Whether a call follows.
        owner: What it belongs to, where that is a single name; else empty.
    """

    name: str
    line: int
    is_member: bool
    is_called: bool
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """Names that come from elsewhere.

    Attributes:
        module: As it is written; in Rust its first part.
        names: All in the statement, those they get here included.
        is_whole: Whether the module itself is named, nothing of it.
    """

    module: str
    names: frozenset[str]
    is_whole: bool = False


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


def read_symbols(text: str, language: str) -> Symbols:
    """Take a file apart. Cost: one parse, and two walks over the tree.

    Raises:
        KeyError: If nothing is known of the language's grammar.
    """
    words = WORDS[language]
    root = parsed_tree(text.encode("utf-8", errors="replace"), language).root_node
    leaves = list(_leaves(root, words))
    return Symbols(
        definitions=tuple(definitions_in(root, words)),
        uses=tuple(_uses(leaves, words)),
        imports=tuple(_import(node) for node in _import_nodes(root, words)),
        code_lines=_code_lines(leaves, words),
    )


def names_in(text: str, language: str) -> list[str]:
    """Return the names in a piece of code, in order; what is broken is read as far as it goes."""
    root = parsed_tree(text.encode("utf-8", errors="replace"), language).root_node
    return [text_of(leaf) for leaf in _leaves(root, WORDS[language]) if NAME_WORD in leaf.type]


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
        if parent is None or NAME_WORD not in leaf.type:
            continue
        is_member = _is_field(leaf, parent, words.members)
        called = parent if is_member else leaf
        is_called = called.parent is not None and _is_field(called, called.parent, words.calls)
        if is_member or (leaf.type in _PLAIN_NAMES and not _is_name_of(leaf, parent)):
            owner = _owner(leaf, parent) if is_member else ""
            yield Use(text_of(leaf), leaf.start_point.row, is_member, is_called, owner)


def _owner(leaf: Node, parent: Node) -> str:
    """Return what a member belongs to, if that is a single name."""
    first = parent.named_children[0]
    return text_of(first) if first != leaf and first.type in _PLAIN_NAMES else ""


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
    has_letter = any(character.isalpha() for character in text_of(leaf))
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
        text_of(leaf)
        for child in node.named_children
        if child != module
        for leaf in _names_under(child)
    ]
    written = text_of(module).strip("\"'") if module is not None else _first_leaf(node)
    is_whole = node.type in _WHOLE_IMPORTS and module is None
    return Import(written, frozenset(names), is_whole)


def _names_under(node: Node) -> Iterator[Node]:
    if not node.child_count and NAME_WORD in node.type:
        yield node
    for child in node.named_children:
        yield from _names_under(child)


def _first_leaf(node: Node) -> str:
    """Return what an import without a module's name begins with, behind its keywords."""
    while inner := [child for child in node.named_children if child.type != "visibility_modifier"]:
        node = inner[0]
    return text_of(node)
