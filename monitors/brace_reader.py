"""Where names begin in TypeScript, JavaScript, Java, C and C++ that is being written."""

from typing import Self

from monitors.arguments import Arguments
from monitors.brace_frames import BraceFrame
from monitors.brace_traits import BraceTraits
from monitors.import_statements import ImportStatement
from monitors.operand_reader import OperandReader
from monitors.script_imports import ScriptImport
from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind

_NO_VALUES = frozenset(
    (
        *("return", "typeof", "case", "do", "else", "in", "instanceof", "new", "void", "delete"),
        *("throw", "yield", "await", "default", "extends", "of", "if", "for", "while", "switch"),
        *("catch", "const", "let", "var", "function", "class", "import", "export", "sizeof"),
        *("co_await", "co_return", "co_yield"),
    )
)
"""Words that are no values in any of these languages."""
_NO_IMPORT = frozenset((";", "(", ".", "="))
"""What shows that no list of names follows `import` or `export`."""
_AFTER_OPTION = 3
"""Which token of a parameter stands behind the question mark that makes it optional."""
_NO_CALLS = frozenset(("function", "class"))
_NAMED = frozenset(("namespace", "package", "module"))
"""Words behind which a path is defined and not looked up."""
_AFTER_CASE = frozenset((":", ",", "->"))


class BraceReader(OperandReader[BraceFrame]):
    """Finds sites in the tokens of a language with braces, one by one.

    Args:
        traits: Of the language.
    """

    def __init__(self, traits: BraceTraits) -> None:
        super().__init__(BraceFrame(is_block=True))
        self._traits = traits
        self._script_import: ScriptImport | None = None
        self._may_end = True  # whether the statement may have ended with the last token
        self._before_operand = ""  # the word or sign before the value being read

    def renewed(self, depth: int) -> Self:
        """Return a reader at the beginning of a statement, `depth` blocks deep."""
        other = type(self)(self._traits)
        other.frames += [BraceFrame(is_block=True) for _ in range(depth)]
        return other

    def feed(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Take the next token; `is_ended` is false for one that more text may change."""
        kind = token.kind
        closed = self._drop_closed(text, token)
        if kind is TokenKind.COMMENT or kind is TokenKind.TEXT:
            return
        if kind is TokenKind.NEWLINE:
            self._may_end |= self._traits.ends_with_line and self._ends_operand
            return
        self._decide(token)
        if self._begins_statement(token):
            self._begin_statement(token)
        else:
            self._follow_import(token, is_ended=is_ended)
        self._may_end = False
        self._argue(text, token)
        if kind is TokenKind.NAME:
            self._name(text, token, is_ended=is_ended)
        elif kind is TokenKind.OPEN:
            self._open(text, token)
        elif kind is TokenKind.CLOSE:
            self._close(token, closed)
        elif kind is TokenKind.SIGN:
            self._sign(token)
        else:
            self._literal(token, is_ended=is_ended)
        self._last = token

    # Statements

    def _begins_statement(self, token: Token) -> bool:
        """Tell whether a statement begins, as far as one can where nothing ends it."""
        frame = self.frames[-1]
        if not frame.is_block or self._script_import or token.kind is TokenKind.CLOSE:
            return False
        return not frame.has_statement or (self._may_end and token.kind is TokenKind.NAME)

    def _begin_statement(self, token: Token) -> None:
        self.frames[-1].has_statement = self.frames[-1].can_define = True
        if token.text in ("import", "export") and self._traits.has_script_imports:
            self._script_import = ScriptImport()
        elif token.text == "import" and self._traits.has_path_imports:
            self._import = ImportStatement()
        self._before_operand = ""
        self._ends_operand = self._is_member = False

    def _follow_import(self, token: Token, *, is_ended: bool) -> None:
        if self._import is not None and token.text != "static":
            self._add(self._import.site(token, is_ended=is_ended))
            self._import = self._import.after(token)
        if self._script_import is None or self._last is None:
            return
        if token.kind is TokenKind.STRING:
            self.sites.extend(self._script_import.sites(token, is_ended=is_ended))
            self._script_import = None
        elif token.text in _NO_IMPORT or self._is_declaration(self._last, token):
            self._script_import = None
        else:
            self._script_import = self._script_import.after(token)

    def _is_declaration(self, last: Token, token: Token) -> bool:
        """Tell whether `export` is followed by what it exports, and not by a list."""
        if last.text == "export":
            return token.kind is TokenKind.NAME and token.text != "type"
        is_alias = last.text == "type" and len(self.frames) == 1
        return is_alias and token.kind is TokenKind.NAME and self._before_operand == "export"

    # Values

    def _name(self, text: str, token: Token, *, is_ended: bool) -> None:
        if self._is_member:
            if token.text == self._traits.word_before_member:
                return
            self._read_member(text, token, is_ended=is_ended)
        elif token.text in _NO_VALUES:
            self._no_operand()
        else:
            self._operand(token)
            self._undecided = self._looked_up(token)

    def _looked_up(self, token: Token) -> Site | None:
        """Return the site of a type or a case, if `token` turns out to be all of it."""
        if self._before_operand == "new" and self._traits.has_types:
            return Site(SiteKind.TYPE, token.start, token.text, is_ended=True)
        if self._before_operand == "case" and self._traits.has_named_cases:
            return Site(SiteKind.CASE, token.start, token.text, is_ended=True)
        return None

    def _literal(self, token: Token, *, is_ended: bool) -> None:
        self._operand(token)
        quote, content = token.text[0], token.text[1:]
        if token.kind is not TokenKind.STRING or quote not in "'\"":
            return
        name = content.removesuffix(quote)
        is_closed = is_ended or name != content
        if self._before_operand == "case" and self._traits.has_string_cases:
            self._add(Site(SiteKind.CASE, token.start + 1, name, is_ended=is_closed))

    def _operand(self, token: Token) -> None:
        is_path = self._before_operand in _NAMED and self._follows_accessor()
        if not is_path:
            self._before_operand = self._last.text if self._last else ""
        self._begin_operand(token)

    def _follows_accessor(self) -> bool:
        return self._last is not None and self._last.text in self._traits.accessors

    def _no_operand(self) -> None:
        self.frames[-1].can_define = False
        self._ends_operand = self._is_member = False

    def _may_be_defined(self) -> bool:
        return self._traits.can_define_members and self.frames[-1].can_define

    def _decide(self, token: Token) -> None:
        """Make the name before `token` a site, if the two say that it is one."""
        site, self._undecided = self._undecided, None
        if site is None:
            return
        if site.kind is SiteKind.MEMBER:
            is_site = token.text != "="
        elif site.kind is SiteKind.CASE:
            is_site = token.text in _AFTER_CASE
        else:
            is_site = token.text not in self._traits.accessors
        if is_site:
            self._add(site)

    # Signs and brackets

    def _sign(self, token: Token) -> None:
        sign = token.text
        if sign in self._traits.accessors and self._import is None:
            is_type = sign == "::" and self._last is not None and self._last.text == ">"
            is_named = self._before_operand in _NAMED
            self._is_member = (self._ends_operand or is_type) and not is_named
            self._ends_operand = sign == "?." and self._is_member
        elif sign in ("!", "++", "--") and self._ends_operand:
            pass  # what stands before it is still there
        elif sign == ";" and self.frames[-1].is_block:
            self.frames[-1].has_statement = False
            self._import = self._script_import = None
            self._no_operand()
        else:
            self._no_operand()

    def _open(self, text: str, token: Token) -> None:
        frame = BraceFrame(token.text == "{", token.start)
        if self._ends_operand:
            frame.operand_start = self._operand_start
            if token.text == "(" and self._is_called():
                callee = text[self._operand_start : token.start]
                frame.arguments = Arguments(callee, token.stop, token.stop)
        elif self._last is not None:
            self._before_operand = self._last.text
        self.frames.append(frame)
        self._ends_operand = self._is_member = False

    def _is_called(self) -> bool:
        """Tell a call from the definition of a function, whose type or word stands before it."""
        before = self._before_operand
        is_word = before[:1].isidentifier() and before not in _NO_VALUES - _NO_CALLS
        return not is_word

    def _close(self, token: Token, closed: BraceFrame | None) -> None:
        if closed is not None:
            self._operand_start = closed.operand_start
        self._ends_operand, self._is_member = True, False
        self._may_end = token.text == "}"

    def _drop_closed(self, text: str, token: Token) -> BraceFrame | None:
        closed = self._leave_brackets(text, token.depth + (token.kind is not TokenKind.OPEN))
        self._may_end |= closed is not None and token.kind is TokenKind.NAME
        return closed

    # Arguments

    def _argue(self, text: str, token: Token) -> None:
        """Count the arguments of a call, unless it turns out to be a definition."""
        arguments = self.frames[-1].arguments
        if arguments is None:
            return
        if token.text == ",":
            self._end_argument(text)
            arguments.begin(token.start)
            return
        was_name = arguments.is_lone_name
        arguments.add(token)
        if token.text in ("<", "...") or (was_name and self._defines(token)):
            arguments.is_uncountable = True
        elif arguments.num_tokens == _AFTER_OPTION and token.text == ":":
            arguments.is_uncountable |= self._last is not None and self._last.text == "?"
        if was_name or (arguments.num_tokens == 1 and token.kind is not TokenKind.NAME):
            self._count(text, arguments)

    def _defines(self, token: Token) -> bool:
        """Tell whether a parameter goes on with `token`, and not an argument."""
        is_type = self._last is not None and self._last.text not in _NO_VALUES
        return token.text in (":", "=") or (token.kind is TokenKind.NAME and is_type)

    def _count(self, text: str, arguments: Arguments) -> None:
        site = arguments.count_positional(text)
        if self._traits.counts_arguments:
            self._add(site)
