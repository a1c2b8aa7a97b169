"""C and C++, by clangd."""

import asyncio
import os
import sys
from pathlib import Path

from multilspy.multilspy_config import Language

from .analysers import Call, Document, Found, ServerGoneError, Workspace
from .completion_items import is_of_members, names_in, operator_name
from .diagnostics_board import DiagnosticsBoard
from .lsp_analyser import PATIENCE_S, LspAnalyser
from .probe import with_probe
from .served import LanguageServerProcess, ServerSpec
from .signature_help import read_call

_PROGRAM = Path(sys.prefix) / "bin" / "clangd"
_ARGUMENTS = (
    "--limit-results=0",  # a list cut short would forbid what was cut
    "--completion-style=detailed",
    "--function-arg-placeholders=0",
    "--header-insertion=never",
    "--all-scopes-completion=false",
    "--background-index=false",
    "--clang-tidy=false",
    "--pch-storage=disk",
    "--log=error",
    "-j=2",
)
_NOT_FOUND = "pp_file_not_found"
_WITHIN_HEADER = "in included file"


class ClangdAnalyser(LspAnalyser):
    """Analyses C and C++.

    Where a header is not found, as without a `compile_commands.json` that says where headers
    are, types have holes that clangd does not tell of: then nothing is known.

    Args:
        program: The clangd to run; by default the one in the host's environment.
    """

    name = "clangd"

    def __init__(self, program: Path = _PROGRAM) -> None:
        super().__init__()
        self._program = program
        self._diagnostics = DiagnosticsBoard()

    def spec(self, workspace: Workspace) -> ServerSpec:  # noqa: ARG002  # it finds projects itself
        """Return how clangd is started.

        Raises:
            ServerGoneError: If it is not installed.
        """
        program = self._program.with_suffix(".exe") if os.name == "nt" else self._program
        if not program.exists():
            raise ServerGoneError(f"There is no {program}; set up the analysers anew.")
        return ServerSpec([str(program), *_ARGUMENTS], Language.CPP)

    def listen(self, server: LanguageServerProcess) -> None:
        """Take the diagnostics that clangd tells."""
        server.on_notification("textDocument/publishDiagnostics", self._diagnostics.take)

    async def close(self, path: Path) -> None:
        """Let clangd forget the document."""
        await super().close(path)
        self._diagnostics.forget(path)

    async def members(self, document: Document, offset: int) -> Found:
        """Return what may follow `.`, `->` or `::`."""
        probed = with_probe(document, offset)
        if why := await self._why_unsure(probed):
            return self.unknown(why)
        listed = await self.listed(probed, offset)
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        if not is_of_members(listed):
            return self.unknown("type not known")
        return self.found(names_in(listed.items) | operator_name(listed))

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return how many arguments a call takes."""
        if await self._why_unsure(document):
            return None
        call = read_call(await self.ask("textDocument/signatureHelp", document, offset), self.name)
        is_without_prototype = document.language == "c" and call and call.most_positional == 0
        return None if is_without_prototype else call

    async def _why_unsure(self, document: Document) -> str:
        """Return why clangd's word is not to be taken in a document; empty if it is."""
        self._remember(document.path)
        self.server.tell(document)
        try:
            async with asyncio.timeout(PATIENCE_S):
                diagnostics = await self._diagnostics.of(document.path)
        except TimeoutError:
            return "still being read"
        are_headers_missing = any(
            diagnostic.get("code") == _NOT_FOUND or _WITHIN_HEADER in diagnostic["message"].lower()
            for diagnostic in diagnostics
        )
        return "a header was not found" if are_headers_missing else ""
