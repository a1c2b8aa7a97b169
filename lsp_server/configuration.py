"""The settings in force, from all the ways an editor has to send them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_server.capabilities import ClientFeatures
from lsp_server.settings import SECTION, Settings, read_settings, section_of

logger = logging.getLogger(__name__)

_REPLY_TIMEOUT_S = 10.0


class Configuration:
    """Follows the editor's settings.

    Those of `initializationOptions` count from the start. Later ones, asked for with
    `workspace/configuration` or sent with `workspace/didChangeConfiguration`, come before them.
    """

    def __init__(
        self,
        server: LanguageServer,
        client: ClientFeatures,
        initial: Any,
        report: Callable[[str], None],
    ) -> None:
        self._server = server
        self._client = client
        self._initial = section_of(initial)
        self._report = report
        self._reported: set[str] = set()
        self._turn = asyncio.Lock()
        self.settings, self._problems = read_settings(self._initial)

    async def start(self, use: Callable[[Settings], Awaitable[None]]) -> None:
        """Ask the editor for its settings, use them, and hear about changes from now on."""
        if self._client.has_configuration_registration:
            self._register()
        async with self._turn:
            self._take(await self._asked() if self._client.has_configuration else {})
            await use(self.settings)

    async def change(self, sent: Any, use: Callable[[Settings], Awaitable[None]]) -> None:
        """Use what was sent, or what the editor answers where it can be asked."""
        async with self._turn:
            self._take(await self._asked() if self._client.has_configuration else sent)
            await use(self.settings)

    def _register(self) -> None:
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registration = types.Registration(id=method, method=method, register_options=options)
        params = types.RegistrationParams([registration])
        self._server.client_register_capability(params).add_done_callback(_log_refusal)

    async def _asked(self) -> Any:
        params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                answer = await self._server.workspace_configuration_async(params)
        except (TimeoutError, JsonRpcException) as error:
            logger.warning("The editor does not tell its settings: %r.", error)
            return {}
        return answer[0] if answer else {}

    def _take(self, sent: Any) -> None:
        later = {name: value for name, value in section_of(sent).items() if value is not None}
        self.settings, problems = read_settings(self._initial | later)
        for problem in problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self._report(problem)


def _log_refusal(answer: Future[None]) -> None:
    """Say what a refused registration costs; whatever else is told is followed all the same."""
    if not answer.cancelled() and (error := answer.exception()):
        logger.warning("The editor may not tell of changed settings: %r.", error)
