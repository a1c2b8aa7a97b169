"""What sets the languages with braces apart, for their reader."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BraceTraits:
    """One of these languages.

    Attributes:
        accessors: Signs behind which a member's name begins.
        ends_with_line: Whether a new line may end a statement.
        can_define_members: Whether assigning to any member defines it.
        has_script_imports: Whether imports read as in TypeScript.
        has_path_imports: Whether they read as in Java.
        counts_arguments: Whether one argument too many is a mistake.
        has_types: Whether a type must exist behind `new`.
        has_string_cases: Whether the cases of a switch may be strings of a known type.
        has_named_cases: Whether they may be the bare names of an enumeration.
        word_before_member: What may stand between an accessor and the name.
    """

    accessors: frozenset[str] = frozenset((".", "?."))
    ends_with_line: bool = False
    can_define_members: bool = False
    has_script_imports: bool = False
    has_path_imports: bool = False
    counts_arguments: bool = True
    has_types: bool = True
    has_string_cases: bool = False
    has_named_cases: bool = False
    word_before_member: str = ""


_TYPESCRIPT = BraceTraits(ends_with_line=True, has_script_imports=True, has_string_cases=True)
_JAVASCRIPT = BraceTraits(
    ends_with_line=True,
    can_define_members=True,
    has_script_imports=True,
    counts_arguments=False,
    has_types=False,
)
TRAITS = {
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT,
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "java": BraceTraits(frozenset((".", "::")), has_path_imports=True, has_named_cases=True),
    "c": BraceTraits(frozenset((".", "->")), has_types=False, has_named_cases=True),
    "cpp": BraceTraits(
        frozenset((".", "->", "::")), has_named_cases=True, word_before_member="template"
    ),
}
"""By LSP language identifier."""
