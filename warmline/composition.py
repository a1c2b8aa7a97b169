"""Joins the rooms: an engine, the completer that uses it, and the server in front of them."""

import uuid

from completion.completer import Completer
from completion.settings import CompletionSettings
from engine.client.remote import RemoteEngine
from engine.settings import EngineSettings
from lsp_server.ports import Session
from lsp_server.settings import Settings

COMMAND_LINE_SESSION = "command-line"
"""One session for every call of the command line, so that a later call finds a warm cache."""


def join(
    engine_settings: EngineSettings,
    completion_settings: CompletionSettings,
    repository_name: str,
    session_name: str,
) -> Session:
    """Join engine and completer.

    Args:
        engine_settings: Also decide which engine is used.
        completion_settings: What suggestions are like.
        repository_name: What the prompt calls the repository; may be empty.
        session_name: Whose caches are used; another name has other caches.
    """
    engine = RemoteEngine(engine_settings, client_name="warmline", session=session_name)
    return Session(engine, Completer(engine, completion_settings, repository_name))


def join_window(settings: Settings, repository_name: str) -> Session:
    """Join a session of its own for one editor window, whose unsaved text is its own too."""
    session_name = f"window-{uuid.uuid4()}"
    return join(settings.engine, settings.completion, repository_name, session_name)
