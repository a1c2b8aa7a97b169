"""Folders and loose documents, found by what stands in them now."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from completion.document import Document
from retrieval.types import Place
from warmline.encoders.choice import hashed_second_stage
from warmline.repositories import LiveRepositories

READY_S = 20.0
QUERY = "def peel(banana):"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "fruit.py").write_text("def peel(banana):\n    return banana\n")
    (folder / "main.py").write_text("peel(\n")
    return folder


def open_folders(*folders: Path, store: Path | None = None) -> LiveRepositories:
    return LiveRepositories(folders, store)


def document(file: Path, text: str) -> Document:
    return Document(file.as_uri(), "python", 1, text)


async def found(repositories: LiveRepositories, name: str, query: str = QUERY) -> list[str]:
    located = repositories.locate(name)
    assert located is not None
    if repositories._workspace is not None:
        assert await asyncio.to_thread(repositories._workspace._index.wait_until_ready, READY_S)
    place = Place(located.path, query, len(query))
    retrieval = await located.retriever.retrieve(place)
    return sorted({each.chunk.path for each in retrieval.considered})


async def test_files_of_the_folder_are_found_by_paths_relative_to_it(folder: Path) -> None:
    repositories = open_folders(folder)
    name = (folder / "main.py").as_uri()
    located = repositories.locate(name)
    assert located is not None
    assert located.path == "main.py"
    assert await found(repositories, name) == ["lib/fruit.py"]
    (status,) = repositories.statuses()
    assert (status.folders, status.num_files) == ((str(folder),), 2)
    await repositories.aclose()
    assert repositories.statuses() == ()


async def test_unsaved_text_counts_until_the_document_is_closed(folder: Path) -> None:
    repositories = open_folders(folder)
    name = (folder / "main.py").as_uri()
    await found(repositories, name)
    other = folder / "lib" / "fruit.py"
    repositories.change(document(other, "def climb(tree): ...\n"))
    assert await found(repositories, name, "climb tree") == ["lib/fruit.py"]
    assert await found(repositories, name, "banana") == []
    repositories.close(other.as_uri())
    assert await found(repositories, name, "banana") == ["lib/fruit.py"]
    await repositories.aclose()


async def test_ignored_files_are_neither_found_nor_quoted(folder: Path) -> None:
    (folder / ".warmlineignore").write_text("lib/\n")
    repositories = open_folders(folder)
    name = (folder / "main.py").as_uri()
    repositories.change(document(folder / "lib" / "fruit.py", "def peel(banana): ...\n"))
    assert await found(repositories, name) == []
    located = repositories.locate((folder / "lib" / "fruit.py").as_uri())
    assert located is not None
    assert not located.may_be_quoted(located.path)
    assert located.may_be_quoted("main.py")
    await repositories.aclose()


async def test_documents_outside_all_folders_are_found_from_each_other(folder: Path) -> None:
    repositories = open_folders(folder)
    repositories.change(Document("untitled:one", "python", 1, "def peel(pear): ...\n"))
    repositories.change(Document("file:///elsewhere/two.py", "python", 1, "peel(\n"))
    assert await found(repositories, "file:///elsewhere/two.py") == ["one"]
    assert await found(repositories, "untitled:one", "peel") == ["elsewhere/two.py"]
    repositories.close("untitled:one")
    assert await found(repositories, "file:///elsewhere/two.py") == []
    await repositories.aclose()


async def test_folders_come_and_go_and_open_documents_move_along(
    folder: Path, tmp_path: Path
) -> None:
    repositories = open_folders()
    main, fruit = folder / "main.py", folder / "lib" / "fruit.py"
    repositories.change(document(main, "peel(\n"))
    repositories.change(document(fruit, "def peel(pear): ...\n"))
    assert await found(repositories, main.as_uri()) == ["lib/fruit.py"]
    repositories.use_folders([folder])
    assert await found(repositories, main.as_uri(), "pear") == ["lib/fruit.py"]
    second = tmp_path / "second"
    second.mkdir()
    repositories.use_folders([folder, second])
    assert await found(repositories, main.as_uri(), "pear") == ["my project/lib/fruit.py"]
    repositories.use_folders([])
    assert repositories.statuses() == ()
    assert await found(repositories, main.as_uri(), "pear") == ["lib/fruit.py"]
    await repositories.aclose()


async def test_what_was_read_is_kept_for_the_next_time(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = open_folders(folder, store=store)
    await found(first, (folder / "main.py").as_uri())
    await first.aclose()
    assert len(list(store.iterdir())) == 1
    second = open_folders(folder, store=store)
    assert await found(second, (folder / "main.py").as_uri()) == ["lib/fruit.py"]
    await second.aclose()


async def test_a_retriever_that_cannot_be_read_fails_each_search(folder: Path) -> None:
    """Which costs the chunks; the completer says so and goes on."""
    second_stage = partial(hashed_second_stage, model_file=folder / "no.safetensors")
    repositories = LiveRepositories([folder], None, second_stage)
    for _ in range(2):
        with pytest.raises(Exception, match=r"no\.safetensors"):
            await found(repositories, (folder / "main.py").as_uri())
    await repositories.aclose()


async def test_giving_up_a_search_does_not_spoil_the_next(folder: Path) -> None:
    repositories = open_folders(folder)
    name = (folder / "main.py").as_uri()
    search = asyncio.ensure_future(found(repositories, name))
    await asyncio.sleep(0)
    search.cancel()
    assert await found(repositories, name) == ["lib/fruit.py"]
    await repositories.aclose()
