"""What definitions, uses and imports are called in the grammars of the corpus's languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrammarWords:
    """Types of nodes of one grammar.

    Attributes:
        functions: Define a function that has a body; what they define inside is their own.
        types: Define a type; functions in it are its members.
        values: Define a name at the level they stand at; with the field that names it.
        containers: Hold members without defining a name of their own.
        imports: Bring names of other files in.
        members: With the field that holds a member's name.
        calls: With the field that holds what is called.
        comments: Are no code.
    """

    functions: frozenset[str]
    types: frozenset[str]
    values: Mapping[str, str]
    imports: frozenset[str]
    members: Mapping[str, str]
    calls: Mapping[str, str]
    containers: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset({"comment"})


_PYTHON = GrammarWords(
    functions=frozenset({"function_definition"}),
    types=frozenset({"class_definition"}),
    values={"assignment": "left", "type_alias_statement": "left"},
    imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    members={"attribute": "attribute"},
    calls={"call": "function"},
)
_TYPESCRIPT = GrammarWords(
    functions=frozenset(
        {"function_declaration", "generator_function_declaration", "method_definition"}
    ),
    types=frozenset(
        {
            *("class_declaration", "abstract_class_declaration", "interface_declaration"),
            "enum_declaration",
        }
    ),
    values={
        "variable_declarator": "name",
        "type_alias_declaration": "name",
        "public_field_definition": "name",
        "property_signature": "name",
        "method_signature": "name",
        "abstract_method_signature": "name",
        "function_signature": "name",
    },
    imports=frozenset({"import_statement"}),
    members={"member_expression": "property"},
    calls={"call_expression": "function", "new_expression": "constructor"},
)
_RUST = GrammarWords(
    functions=frozenset({"function_item"}),
    types=frozenset({"struct_item", "enum_item", "trait_item", "union_item"}),
    values={
        "const_item": "name",
        "static_item": "name",
        "type_item": "name",
        "macro_definition": "name",
        "field_declaration": "name",
        "enum_variant": "name",
        "function_signature_item": "name",
    },
    imports=frozenset({"use_declaration", "extern_crate_declaration", "mod_item"}),
    members={"field_expression": "field", "scoped_identifier": "name"},
    calls={"call_expression": "function"},
    containers=frozenset({"impl_item"}),
    comments=frozenset({"line_comment", "block_comment"}),
)

WORDS: Mapping[str, GrammarWords] = {
    "python": _PYTHON,
    "typescript": _TYPESCRIPT,
    "rust": _RUST,
}
"""By the language of a package."""
