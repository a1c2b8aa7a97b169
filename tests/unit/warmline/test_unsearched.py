"""What is ignored in a folder stays so, whether the folder is searched or not."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from completion.context.repositories import Repositories
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, EmptyReason
from engine.settings import EngineSettings
from lsp_server.workspace import Workspace
from tests.unit.completion.fakes import FakeEngine, description, says, small_tokenizer
from warmline import composition
from warmline.repositories import LiveRepositories
from warmline.unsearched import UnsearchedRepositories

OpenFolders = Callable[..., Repositories]


def searched(folders: Sequence[Path]) -> Repositories:
    return LiveRepositories(folders, None)


either_way = pytest.mark.parametrize("open_folders", [searched, UnsearchedRepositories])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    (folder / "lib").mkdir(parents=True)
    (folder / ".gitignore").write_text("build/\nscratch.py\n*.ipynb\n")
    (folder / ".warmlineignore").write_text("!scratch.py\nprivate/\n")
    (folder / "lib" / ".gitignore").write_text("made.py\n")
    return folder


@either_way
@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("build/made.py", True),
        ("private/a.py", True),
        ("lib/made.py", True),
        ("scratch.py", False),  # the own ignore file takes it in again
        ("main.py", False),
        ("data.csv", False),  # left out of an index, but nobody wrote that down
        ("../build/made.py", False),  # in no folder
    ],
)
async def test_what_somebody_wrote_down_is_ignored_and_nothing_else(
    open_folders: OpenFolders, folder: Path, path: str, *, is_ignored: bool
) -> None:
    repositories = open_folders([folder])
    file = folder / path
    answers = [repositories.is_ignored(name) for name in (file.as_uri(), str(file))]
    await repositories.aclose()
    assert answers == [is_ignored, is_ignored]


@either_way
async def test_a_cell_of_an_ignored_notebook_is_ignored(
    open_folders: OpenFolders, folder: Path
) -> None:
    cell = (folder / "a.ipynb").as_uri().replace("file://", "vscode-notebook-cell:") + "#W1sZmlsZQ"
    repositories = open_folders([folder])
    answers = [repositories.is_ignored(name) for name in (cell, "untitled:build/made.py")]
    await repositories.aclose()
    assert answers == [True, False]


@either_way
async def test_the_rules_are_those_of_the_folders_that_are_open(
    open_folders: OpenFolders, folder: Path, tmp_path: Path
) -> None:
    made, other = (folder / "build" / "made.py").as_uri(), tmp_path / "other"
    other.mkdir()
    repositories = open_folders([other])
    before = repositories.is_ignored(made)
    repositories.use_folders([other, folder])
    while_open = repositories.is_ignored(made)
    repositories.use_folders([other])
    assert [before, while_open, repositories.is_ignored(made)] == [False, True, False]
    await repositories.aclose()


def test_ignore_files_that_change_are_read_again_after_a_while(folder: Path) -> None:
    now_s = 0.0
    repositories = UnsearchedRepositories([folder], lambda: now_s)
    main = (folder / "main.py").as_uri()
    assert not repositories.is_ignored(main)
    (folder / ".gitignore").write_text("main.py\n")
    assert not repositories.is_ignored(main)  # a keystroke reads no files
    now_s = 10.0
    assert repositories.is_ignored(main)


@pytest.mark.parametrize("context_tokens", [0, 256])
@pytest.mark.parametrize(("path", "is_served"), [("build/made.py", False), ("main.py", True)])
async def test_a_session_serves_no_ignored_file(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    context_tokens: int,
    path: str,
    *,
    is_served: bool,
) -> None:
    """`--no-retrieval` and the setting `contextTokens` turn the search off, and nothing else."""
    small_tokenizer().save(str(tmp_path / "tokenizer.json"))
    engine = FakeEngine.ready(description(tmp_path))
    engine.script = says("left")
    monkeypatch.setattr(composition, "RemoteEngine", lambda *_, **__: engine)
    settings = CompletionSettings(context_tokens=context_tokens, monitors=False)
    workspace = Workspace("project", (folder,))
    completer = composition.join(EngineSettings(), settings, workspace, "test").completer
    name = (folder / path).as_uri()
    completer.open(Document(name, "python", 1, "x = "))
    completer.change(Document(name, "python", 2, "x = 1"), 5)
    answer = await completer.complete(name, 5, CompletionOptions(is_invoked=True))
    await completer.aclose()
    assert answer.reason is (None if is_served else EmptyReason.IGNORED_FILE)
    assert bool(engine.requests or engine.syncs) is is_served
