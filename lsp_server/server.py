"""The server of one editor window, from the answer to `initialize` on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from lsp_server.inline_completion import TriggerKinds
from lsp_server.opening import SERVER_NAME, Opening
from lsp_server.ports import MakeSession
from lsp_server.protocol import Stage, WarmlineProtocol
from lsp_server.transport import MessageWriter
from lsp_server.window import Window

logger = logging.getLogger(__name__)


class WarmlineServer(LanguageServer):
    """Serves one editor window, whose `initialize` is already answered."""

    protocol: WarmlineProtocol

    def __init__(self, make_session: MakeSession, opening: Opening, version: str) -> None:
        super().__init__(
            SERVER_NAME,
            version,
            protocol_cls=WarmlineProtocol,
            converter_factory=_make_converter,
        )
        self._window = Window(self, make_session, opening)
        self.protocol.on_lost_edit = self._window.lose_edit
        self.protocol.on_edit_taken_in = self._window.usage.took_in_edit
        self.answer(types.SHUTDOWN, self.protocol.shut_down)
        for method, handler in self._window.handlers().items():
            self.answer(method, handler)

    def answer(self, method: str, handler: Callable[[Any], Any]) -> None:
        """Let `handler`, which gets the parameters, answer `method`."""
        self.protocol.fm.add_builtin_feature(method, handler)

    async def serve(self, messages: AsyncIterator[bytes], writer: MessageWriter) -> int:
        """Handle messages until `exit` or the end of the stream.

        Returns:
            The exit code: 0 after `shutdown`, otherwise 1.
        """
        self.protocol.set_writer(writer)
        async for body in messages:
            self._receive(body)
            if self.protocol.stage is Stage.EXITED:
                break
            # A handler that waits has begun, with the document as it was when the request
            # came, before the next message may change it.
            await asyncio.sleep(0)
        self.protocol.cancel_all()
        await self._window.aclose()
        return self.protocol.exit_code

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log what went wrong. No popup: what the user should see is sent elsewhere."""
        logger.error("%s: %s", source.__name__, error, exc_info=error)

    def _receive(self, body: bytes) -> None:
        try:
            self.protocol.receive(body)
        except Exception:
            logger.exception("A message could not be handled.")


def _make_converter() -> Converter:
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook(types.InlineCompletionTriggerKind, TriggerKinds())
    return converter
