"""Folders and loose documents, found by what stands in them now."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from completion.document import Document
from retrieval.lexical import LexicalIndex
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
    for index in repositories._indexes.values():
        assert await asyncio.to_thread(index.live.wait_until_ready, READY_S)
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
    assert (status.folder, status.num_files) == (str(folder), 2)
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


async def test_documents_are_ignored_by_what_somebody_wrote_and_nothing_else(folder: Path) -> None:
    (folder / ".gitignore").write_text("build/\nscratch.py\n")
    (folder / ".warmlineignore").write_text("!scratch.py\nprivate/\n")
    repositories = open_folders(folder)
    ignored = {
        path: repositories.is_ignored((folder / path).as_uri())
        for path in ("build/made.py", "private/a.py", "scratch.py", "main.py", "data.csv", "a.lock")
    }
    outside = repositories.is_ignored((folder.parent / "build/made.py").as_uri())
    unsaved = repositories.is_ignored("untitled:build/made.py")
    await repositories.aclose()
    assert [path for path, is_ignored in ignored.items() if is_ignored] == [
        "build/made.py",
        "private/a.py",
    ]
    assert not outside
    assert not unsaved


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
    assert await found(repositories, main.as_uri(), "pear") == ["lib/fruit.py"]
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


@pytest.fixture
def second(tmp_path: Path) -> Path:
    second = tmp_path / "second"
    second.mkdir()
    (second / "juice.py").write_text("def press(banana, cup):\n    return banana\n")
    return second


async def test_a_document_sees_its_own_folder_and_those_that_are_open_beside_it(
    folder: Path, second: Path
) -> None:
    repositories = open_folders(folder, second)
    assert [each.folder for each in repositories.statuses()] == [str(folder), str(second)]
    here, there = (folder / "main.py").as_uri(), (second / "main.py").as_uri()
    assert await found(repositories, here) == ["../second/juice.py", "lib/fruit.py"]
    fruit, main = "../my project/lib/fruit.py", "../my project/main.py"
    assert await found(repositories, there) == [fruit, main, "juice.py"]
    repositories.use_folders([second])
    assert await found(repositories, there) == ["juice.py"]
    await repositories.aclose()


async def test_words_are_as_rare_as_they_are_in_all_folders_together(
    folder: Path, second: Path
) -> None:
    """Else one that is everywhere beside the document would count for much where it is rare."""
    for number in range(9):
        (second / f"{number}.py").write_text(f"def common_{chr(97 + number)}(): ...\n")
        (folder / f"{number}.py").write_text(f"def other_{chr(97 + number)}(): ...\n")
    (folder / "one.py").write_text("common\n")
    repositories = open_folders(folder, second)
    await found(repositories, (folder / "main.py").as_uri())
    view = repositories._view_of(folder / "main.py")
    assert view is not None
    whole = LexicalIndex()
    for root, prefix in ((folder, ""), (second, "../second/")):
        for file in root.rglob("*.py"):
            whole.replace(f"{prefix}{file.relative_to(root)}", file.read_text())
    seen, expected = (each.search("common banana", 50) for each in (view, whole))
    assert {each.path for each in seen} == {each.path for each in expected}
    assert [each.score for each in seen] == pytest.approx([each.score for each in expected])
    await repositories.aclose()


async def test_each_folder_is_kept_by_itself_and_read_once(
    folder: Path, second: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    alone = open_folders(folder, store=store)
    await found(alone, (folder / "main.py").as_uri())
    kept = alone._indexes[folder]
    alone.use_folders([second, folder])
    assert alone._indexes[folder] is kept, "opening another one beside it reads nothing again"
    await found(alone, (folder / "main.py").as_uri())
    await alone.aclose()
    assert len(list(store.iterdir())) == 2


async def test_of_folders_in_each_other_the_innermost_counts_and_no_file_twice(
    folder: Path,
) -> None:
    inner = folder / "lib"
    repositories = open_folders(folder, inner)
    inside = repositories.locate((inner / "fruit.py").as_uri())
    assert inside is not None
    assert inside.path == "fruit.py"
    assert await found(repositories, (folder / "main.py").as_uri()) == ["lib/fruit.py"]
    expected = ["../my project/main.py", "fruit.py"]
    assert await found(repositories, (inner / "main.py").as_uri()) == expected
    repositories.change(document(inner / "fruit.py", "def climb(tree): ...\n"))
    for name in (folder / "main.py", inner / "main.py"):
        assert await found(repositories, name.as_uri(), "banana") == []
    await repositories.aclose()


async def test_folders_of_one_name_are_told_apart(folder: Path, tmp_path: Path) -> None:
    others = [tmp_path / parent / "lib" for parent in ("a", "b")]
    for other in others:
        other.mkdir(parents=True)
        (other / "peel.py").write_text(f"def peel(banana): {other.parent.name}\n")
    repositories = open_folders(folder, *others)
    expected = ["../lib-2/peel.py", "../lib/peel.py", "lib/fruit.py"]
    assert await found(repositories, (folder / "main.py").as_uri()) == expected
    await repositories.aclose()


async def test_paths_are_as_the_document_sees_them_whose_prompt_they_stand_in(
    folder: Path, second: Path
) -> None:
    (second / ".warmlineignore").write_text("juice.py\n")
    repositories = open_folders(folder, second)
    here, there = (folder / "main.py").as_uri(), (second / "juice.py").as_uri()
    seen = repositories.locate(there, seen_from=here)
    assert seen is not None
    assert seen.path == "../second/juice.py"
    assert not seen.may_be_quoted(seen.path)
    assert seen.may_be_quoted("lib/fruit.py")
    outside = repositories.locate(there, seen_from="untitled:notes")
    assert outside is not None
    assert outside.path == "juice.py"
    assert not outside.may_be_quoted(outside.path)
    loose = repositories.locate("untitled:notes", seen_from=here)
    assert loose is not None
    assert loose.path == "notes"
    await repositories.aclose()
