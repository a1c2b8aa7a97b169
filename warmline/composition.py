"""Joins the rooms: an engine, the completer that uses it, and the server in front of them."""

import uuid

from completion.completer import Completer
from engine.client.remote import RemoteEngine
from lsp_server.ports import Session
from lsp_server.settings import Settings

COMMAND_LINE_SESSION = "command-line"
"""One session for every call of the command line, so that a later call finds a warm cache."""


def join_session(settings: Settings, repository_name: str, session: str) -> Session:
    """Return an engine that is not yet connected, and the completer that uses it.

    Args:
        settings: Of all rooms.
        repository_name: What the prompt calls the repository; may be empty.
        session: Whose caches the engine looks among; another name has other caches.
    """
    engine = RemoteEngine(settings.engine, session=session, client_name="warmline")
    return Session(engine, Completer(engine, settings.completion, repository_name))


def join_window(settings: Settings, repository_name: str) -> Session:
    """Return a session of its own for one editor window, whose unsaved text is its own too."""
    return join_session(settings, repository_name, session=f"window-{uuid.uuid4()}")
