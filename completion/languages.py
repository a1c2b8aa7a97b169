"""What differs from language to language in ways that a few words can tell."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageTraits:
    """The look of a language, enough to skip over its comments and strings."""

    comment_mark: str = "//"
    has_block_comments: bool = True  # /* and */
    string_quotes: str = "\"'"
    multi_line_quotes: tuple[str, ...] = ()
    indents_blocks: bool = False  # a colon opens a block, indentation ends it
    block_words: tuple[str, ...] = ()  # open a block at the end of a line
    pairs_brackets: bool = True  # false where a lone ")" is nothing unusual


_C_LIKE = LanguageTraits()
_PROSE = LanguageTraits(string_quotes="", has_block_comments=False, pairs_brackets=False)
_SCRIPT = LanguageTraits(comment_mark="#", has_block_comments=False)
_RUBY = LanguageTraits(comment_mark="#", has_block_comments=False, block_words=("do", "then"))
_SHELL = LanguageTraits(
    comment_mark="#", has_block_comments=False, block_words=("do", "then"), pairs_brackets=False
)
_JAVASCRIPT = LanguageTraits(multi_line_quotes=("`",))
_PYTHON = LanguageTraits(
    comment_mark="#",
    has_block_comments=False,
    multi_line_quotes=('"""', "'''"),
    indents_blocks=True,
)
_RUST = LanguageTraits(string_quotes='"')  # a lone ' is a lifetime
_DASHES = LanguageTraits(comment_mark="--", has_block_comments=False)

_TRAITS = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "typescriptreact": _JAVASCRIPT,
    "go": _JAVASCRIPT,
    "java": LanguageTraits(multi_line_quotes=('"""',)),
    "kotlin": LanguageTraits(multi_line_quotes=('"""',)),
    "rust": _RUST,
    "ruby": _RUBY,
    "shellscript": _SHELL,
    "yaml": _SCRIPT,
    "toml": _SCRIPT,
    "perl": _SCRIPT,
    "r": _SCRIPT,
    "makefile": _SCRIPT,
    "dockerfile": _SCRIPT,
    "elixir": _RUBY,
    "lua": LanguageTraits("--", has_block_comments=False, block_words=("do", "then")),
    "sql": _DASHES,
    "haskell": _DASHES,
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
