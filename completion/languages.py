"""What differs from language to language in ways that a few words can tell."""

import re
from dataclasses import dataclass

_DO = r".*\bdo(?:\s*\|[^|]*\|)?"
_RUBY_LINE = rf"(?:def|class|module|if|unless|while|until|case|for|begin)\b(?!.*\bend\Z).*|{_DO}"
_LUA_LINE = r".*\b(?:do|then)|(?:local\s+)?function\b(?!.*\bend\Z).*|.*\bfunction\s*\([^()]*\)"


@dataclass(frozen=True, slots=True)
class LanguageTraits:
    """The look of a language, enough to skip over its comments and strings."""

    comment_mark: str = "//"
    has_line_comments: bool = True  # false where the mark is only ours
    block_comment: tuple[str, str] | None = ("/*", "*/")
    string_quotes: str = "\"'"
    has_characters: bool = False  # 'x' is one, any other ' is nothing
    multi_line_quotes: tuple[str, ...] = ()
    indents_blocks: bool = False  # a colon opens a block, indentation ends it
    block_line: str | None = None  # a pattern for lines that open a block which a word closes
    statement_end: str | None = None  # without it a statement goes on, at any indentation
    pairs_brackets: bool = True  # false where a lone ")" is nothing unusual
    has_type_brackets: bool = False  # < and > around types
    has_tags: bool = False  # < and > around markup


_C_LIKE = LanguageTraits()
_C_PLUS_PLUS = LanguageTraits(has_type_brackets=True)
_PROSE = LanguageTraits(
    has_line_comments=False, block_comment=None, string_quotes="", pairs_brackets=False
)
_SCRIPT = LanguageTraits(comment_mark="#", block_comment=None)
_RUBY = LanguageTraits(comment_mark="#", block_comment=None, block_line=_RUBY_LINE)
_ELIXIR = LanguageTraits(comment_mark="#", block_comment=None, block_line=_DO)
_SHELL = LanguageTraits(
    comment_mark="#", block_comment=None, block_line=r".*\b(?:do|then)", pairs_brackets=False
)
_GO = LanguageTraits(multi_line_quotes=("`",))
_JAVASCRIPT = LanguageTraits(multi_line_quotes=("`",), has_tags=True)
_TYPESCRIPT = LanguageTraits(multi_line_quotes=("`",), has_type_brackets=True)
_TYPESCRIPT_TAGS = LanguageTraits(multi_line_quotes=("`",), has_type_brackets=True, has_tags=True)
_JAVA = LanguageTraits(multi_line_quotes=('"""',), has_type_brackets=True)
_PYTHON = LanguageTraits(
    comment_mark="#",
    block_comment=None,
    multi_line_quotes=('"""', "'''"),
    indents_blocks=True,
)
_RUST = LanguageTraits(  # a lone ' is a lifetime
    string_quotes='"', has_characters=True, has_type_brackets=True
)
_DASHES = LanguageTraits(comment_mark="--", block_comment=None)
_MARKUP = LanguageTraits(
    has_line_comments=False,
    block_comment=("<!--", "-->"),
    string_quotes='"',  # a lone ' is an apostrophe
    pairs_brackets=False,
    has_tags=True,
)

_TRAITS = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT_TAGS,
    "go": _GO,
    "java": _JAVA,
    "kotlin": _JAVA,
    "csharp": _C_PLUS_PLUS,
    "cpp": _C_PLUS_PLUS,
    "dart": _C_PLUS_PLUS,
    "swift": _JAVA,
    "rust": _RUST,
    "ruby": _RUBY,
    "shellscript": _SHELL,
    "yaml": _SCRIPT,
    "toml": _SCRIPT,
    "perl": _SCRIPT,
    "r": _SCRIPT,
    "makefile": _SCRIPT,
    "dockerfile": _SCRIPT,
    "elixir": _ELIXIR,
    "lua": LanguageTraits("--", block_comment=("--[[", "]]"), block_line=_LUA_LINE),
    "sql": LanguageTraits("--", statement_end=";"),
    "haskell": _DASHES,
    "json": LanguageTraits(string_quotes='"'),
    "jsonc": LanguageTraits(string_quotes='"'),
    "css": LanguageTraits(has_line_comments=False),
    "html": _MARKUP,
    "xml": _MARKUP,
    "markdown": _PROSE,
    "plaintext": _PROSE,
    "restructuredtext": _PROSE,
    "latex": _PROSE,
}


def traits_of(language: str) -> LanguageTraits:
    """Return what is known about an LSP language identifier; C-like when nothing is."""
    return _TRAITS.get(language, _C_LIKE)


def comment_mark(language: str) -> str:
    """Return what begins a comment to the end of the line."""
    return traits_of(language).comment_mark


def opens_block(line: str, language: str) -> bool:
    """Tell whether a line of code, without comment, opens a block that a word closes."""
    pattern = traits_of(language).block_line
    return pattern is not None and re.fullmatch(pattern, line, re.DOTALL) is not None
