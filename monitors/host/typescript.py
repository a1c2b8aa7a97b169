"""TypeScript and JavaScript, by TypeScript's own language server.

That is `tsc --lsp` of TypeScript 7, a program of its own: it starts in 50 ms where a server on
Node took half a second, answers ten times as fast, and loads no plugins from the user's project.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from multilspy.multilspy_config import Language

from .ambient_types import ambient_types
from .analysers import Call, Document, Found, ServerGoneError, Workspace
from .bases import deciding_lines, has_unknown_base
from .completion_items import ItemKind, Listed, names_in, string_values
from .hovers import is_class, is_unresolved, may_be_extended
from .lsp_analyser import LspAnalyser
from .probe import with_probe
from .served import ServerSpec
from .signature_help import read_call
from .typescript_text import begins_statement, type_parameters

_NODE_MODULES = Path(sys.prefix) / "node" / "node_modules"
_SOFT_MEMORY_LIMIT = "1GiB"
_QUOTES = "'\"`"
_NOT_TYPES = frozenset({ItemKind.TEXT, ItemKind.SNIPPET})
_SECTIONS = ("js/ts", "typescript", "javascript")
_PREFERENCES = {
    # Names that a module elsewhere exports are not in scope.
    "unstable": {"includeCompletionsForModuleExports": False},
    # Nothing is fetched from a registry behind the user's back.
    "disableAutomaticTypeAcquisition": True,
    "tsserver": {"automaticTypeAcquisition": {"enabled": False}},
}


class TypeScriptAnalyser(LspAnalyser):
    """Analyses TypeScript and JavaScript, with and without JSX.

    Args:
        node_modules: Where TypeScript is installed; by default in the host's environment.
    """

    name = "typescript"

    def __init__(self, node_modules: Path = _NODE_MODULES) -> None:
        super().__init__()
        self._node_modules = node_modules
        self._reading: asyncio.Task[None] | None = None
        self._bases: dict[Path, tuple[str, asyncio.Task[bool]]] = {}

    def spec(self, workspace: Workspace) -> ServerSpec:  # noqa: ARG002  # it finds projects itself
        """Return how TypeScript's server is started.

        Raises:
            ServerGoneError: If it is not installed.
        """
        return ServerSpec(
            [*compiler_command(self._node_modules), "--lsp", "--stdio"],
            Language.TYPESCRIPT,
            environment={"GOMEMLIMIT": _SOFT_MEMORY_LIMIT},
            settings=lambda _folder: dict.fromkeys(_SECTIONS, _PREFERENCES),
        )

    def preface(self, document: Document) -> str:
        """Return what lets a document see the types that are installed around it."""
        return ambient_types(document)

    async def open(self, document: Document) -> None:
        """Let the server read the document and its project; does not wait for that."""
        is_new = document.path not in self._open
        await super().open(document)
        self._learn_bases(document)
        if is_new:
            self._reading = asyncio.create_task(self._read_ahead(document))

    async def _read_ahead(self, document: Document) -> None:
        """Have the server load the project, which it does when it is first asked."""
        with suppress(ServerGoneError):  # the next question says so
            await self.ask("textDocument/hover", document, 0)

    def is_reading(self) -> bool:
        """Tell whether a project or the bases of a document's classes are looked at."""
        bases = [known for _lines, known in self._bases.values()]
        return any(not task.done() for task in (self._reading, *bases) if task is not None)

    async def close(self, path: Path) -> None:
        """Let the server forget the document."""
        await super().close(path)
        self._bases.pop(path, None)

    async def members(self, document: Document, offset: int) -> Found:
        """Return the members of the value or namespace before the dot.

        None where any name would pass: at `any`, an index signature, or where one is defined.
        """
        probed = with_probe(document, offset)
        listed, takes_any, has_unknown_base = await asyncio.gather(
            self.listed(probed, offset),
            self._takes_any_name(probed, offset),
            asyncio.shield(self._learn_bases(probed)),  # others wait for it too
        )
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        if takes_any:
            return self.unknown("any name is possible")
        if has_unknown_base:
            return self.unknown("a base class was not found")
        names = names_in(listed.items)
        if await self._may_be_extended(probed, offset, listed, names):
            return self.unknown("a name may be defined here")
        return self.found(names)

    async def _takes_any_name(self, probed: Document, offset: int) -> bool:
        """Tell whether the made-up name at `offset` would mean something."""
        hover, definitions = await asyncio.gather(
            self.ask("textDocument/hover", probed, offset + 1),
            self.ask("textDocument/definition", probed, offset + 1),
        )
        return bool(definitions) or not is_unresolved(hover)

    async def _may_be_extended(
        self, probed: Document, offset: int, listed: Listed, names: frozenset[str]
    ) -> bool:
        """Tell whether the program may give the value before the dot a new member."""
        is_defined_here = "apply" in names and begins_statement(probed.text, offset)
        if not is_javascript(probed) and not is_defined_here:
            return False
        receiver = probed.text[:offset].rstrip("?.\n\r\t ")
        hover = await self.ask("textDocument/hover", probed, max(len(receiver) - 1, 0))
        if is_javascript(probed):
            return may_be_extended(hover, listed)
        return not is_class(hover)

    def _learn_bases(self, document: Document) -> asyncio.Task[bool]:
        """Find out whether a base is unknown: again when what decides it has changed, or if one is.

        For what was not found may have been installed since.
        """
        lines = deciding_lines(document.text)
        known = self._bases.get(document.path)
        if known is None or known[0] != lines or (known[1].done() and known[1].result()):
            known = (lines, asyncio.create_task(self._has_unknown_base(document, lines)))
            self._bases[document.path] = known
        return known[1]

    async def _has_unknown_base(self, document: Document, lines: str) -> bool:
        if not lines:
            return False
        try:
            answer = await self.ask("textDocument/diagnostic", document, 0)
        except ServerGoneError:  # the next question says so
            return False
        return has_unknown_base(self.seen(document).text, (answer or {}).get("items", ()))

    async def importable(self, document: Document, offset: int) -> Found:
        """Return what the module exports whose braces `offset` stands in."""
        if document.text[offset - 1 : offset] in _QUOTES:
            return self.unknown("any path may follow")
        listed = await self.listed(with_probe(document, offset), offset)
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        names = names_in(listed.items)
        return self.found(names | {"default"} if names else names, "module not found")

    async def types(self, document: Document, offset: int) -> Found:
        """Return the types in scope, or the values where `new` stands before `offset`."""
        if is_javascript(document):
            return self.unknown("scope not known")
        listed = await self.listed(with_probe(document, offset), offset)
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        names = names_in(listed.items, without=_NOT_TYPES)
        if not names:
            return self.unknown("scope not known")
        return self.found(names | type_parameters(document.text, offset))

    async def cases(self, document: Document, offset: int) -> Found:
        """Return the values of the union or the names that may stand in a case of an enum."""
        if document.text[offset - 1 : offset] in _QUOTES:
            listed = await self.listed(document, offset)
            return self.found(string_values(listed.items), "no union of strings")
        listed = await self.listed(with_probe(document, offset), offset)
        strings = string_values(listed.items)
        quoted = {f"{quote}{value}{quote}" for value in strings for quote in _QUOTES}
        if not quoted and not any(item.get("preselect") for item in listed.items):
            return self.unknown("no enum or union")
        return self.found(names_in(listed.items) | quoted)

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return how many arguments a call takes; in JavaScript any call may take more."""
        if is_javascript(document):
            return None
        answer = await self.ask("textDocument/signatureHelp", document, offset)
        return read_call(answer, self.name)


def is_javascript(document: Document) -> bool:
    """Tell whether a document has no types of its own."""
    return document.language.startswith("javascript")


def compiler_command(node_modules: Path) -> Sequence[str]:
    """Return the program of the installed TypeScript for this platform.

    Raises:
        ServerGoneError: If there is none.
    """
    program = "tsc.exe" if os.name == "nt" else "tsc"
    found = sorted(node_modules.glob(f"@typescript/typescript-*/lib/{program}"))
    if not found:
        raise ServerGoneError(
            f"There is no TypeScript in {node_modules}; install Node.js with npm,"
            " then set up the analysers anew."
        )
    return [str(found[0])]
