"""Which folders are open, from the first message on."""

from pathlib import Path
from typing import Any

import pytest
from lsp_editor import Editor

from lsp_server.workspace import Workspace, read_workspace


def folder(uri: str, name: str = "") -> dict[str, str]:
    return {"uri": uri, "name": name or uri.rsplit("/", 1)[-1]}


@pytest.mark.parametrize(
    ("params", "workspace"),
    [
        ({}, Workspace()),
        ({"workspaceFolders": None, "rootUri": None, "rootPath": None}, Workspace()),
        ({"rootUri": "file:///home/my%20code"}, Workspace("my code", (Path("/home/my code"),))),
        ({"rootPath": "/home/code"}, Workspace("code", (Path("/home/code"),))),
        (
            {"workspaceFolders": [folder("file:///a"), folder("file:///b")], "rootUri": "file:///"},
            Workspace("a", (Path("/a"), Path("/b"))),
        ),
        (
            {"workspaceFolders": [folder("vscode-vfs://github/x", "x"), folder("file:///b")]},
            Workspace("x", (Path("/b"),)),
        ),
        ({"workspaceFolders": ["nonsense"]}, Workspace()),
        ({"workspaceFolders": [folder("file://[", "x"), folder("file:///%00")]}, Workspace("x")),
        ({"rootUri": None, "rootPath": "C:\\my code"}, Workspace("my code")),
        ({"workspaceFolders": [], "rootUri": "file:///a"}, Workspace("a", (Path("/a"),))),
    ],
)
def test_old_and_new_clients_say_what_is_open(params: Any, workspace: Workspace) -> None:
    assert read_workspace(params) == workspace


async def test_the_session_is_made_for_the_folders(editor: Editor) -> None:
    await editor.initialize(workspaceFolders=[folder("file:///a"), folder("file:///b")])
    assert editor.backend.workspace.folders == (Path("/a"), Path("/b"))


async def test_folders_that_come_and_go_reach_the_completer(editor: Editor) -> None:
    await editor.initialize(workspaceFolders=[folder("file:///a"), folder("file:///b")])
    event = {"added": [folder("file:///c"), folder("file:///b")], "removed": [folder("file:///a")]}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await editor.settle()
    assert editor.backend.completer.folders == (Path("/b"), Path("/c"))


async def test_another_session_is_made_for_the_folders_of_that_time(editor: Editor) -> None:
    """And is needed where the search is switched on or off, or another retriever is chosen."""
    await editor.initialize(workspaceFolders=[folder("file:///a")])
    event = {"added": [folder("file:///b")], "removed": [folder("file:///a")]}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    for settings, num_sessions in (
        ({"contextTokens": 512}, 1),
        ({"contextTokens": 0}, 2),
        ({"contextTokens": 0, "retriever": "/my.safetensors"}, 3),
    ):
        editor.notify("workspace/didChangeConfiguration", {"settings": {"warmline": settings}})
        await editor.settle()
        assert len(editor.backend.sessions) == num_sessions
    assert editor.backend.workspace.folders == (Path("/b"),)
