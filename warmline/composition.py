"""Joins the rooms: engine, what can be searched, monitors, the completer, the server."""

import uuid
from functools import partial

from completion.completer import Completer
from completion.context.repositories import Repositories
from completion.settings import CompletionSettings
from engine.client.remote import RemoteEngine
from engine.settings import EngineSettings
from lsp_server.ports import Session
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace
from warmline.analysis import Analysis
from warmline.encoders.choice import chosen_second_stage
from warmline.indexing import index_directory
from warmline.repositories import LiveRepositories
from warmline.unsearched import UnsearchedRepositories

COMMAND_LINE_SESSION = "command-line"
"""One session for every call of the command line, so that a later call finds a warm cache."""


def join(
    engine_settings: EngineSettings,
    completion_settings: CompletionSettings,
    workspace: Workspace,
    session_name: str,
    *,
    may_install: bool = False,
) -> Session:
    """Join engine, index, monitors and completer.

    Args:
        engine_settings: Also decide which engine is used.
        completion_settings: What suggestions are like.
        workspace: What the prompt calls the repository, and the folders to search and whose
            ignore files hold, searched or not.
        session_name: Whose caches are used; another name has other caches.
        may_install: Whether monitors may install what they need, which takes minutes.
    """
    engine = RemoteEngine(engine_settings, client_name="warmline", session=session_name)
    repositories: Repositories = UnsearchedRepositories(workspace.folders)
    if completion_settings.context_tokens:
        second_stage = partial(chosen_second_stage, completion_settings, engine)
        repositories = LiveRepositories(workspace.folders, index_directory(), second_stage)
    analysis: Analysis | None = None
    if completion_settings.monitors:
        interpreter = completion_settings.python_interpreter
        analysis = Analysis(workspace.folders, interpreter, may_install=may_install)
    completer = Completer(
        engine,
        completion_settings,
        workspace.name,
        folders=workspace.folders,
        repositories=repositories,
        monitors=analysis.monitors if analysis else None,
    )
    return Session(engine, completer, analysis)


def join_window(settings: Settings, workspace: Workspace) -> Session:
    """Join a session of its own for one editor window, whose unsaved text is its own too."""
    session_name = f"window-{uuid.uuid4()}"
    may_install = not settings.engine.offline
    return join(
        settings.engine, settings.completion, workspace, session_name, may_install=may_install
    )
