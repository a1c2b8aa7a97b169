"""An index that followed every change is the one that reading everything anew would give.

Files and directories come, change, go and are renamed, ignore files change, texts are opened,
edited and closed, and the index goes through its store. Some changes are told one by one, as the
file system does; for the others everything is looked at again.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retrieval.folders import Folders
from retrieval.lexical import LexicalIndex
from retrieval.repository import RepositoryIndex
from retrieval.store import IndexStore

ALL = 1_000
paths = st.sampled_from(("x.py", "a/x.py", "a/y.gen", "a/b/x.py", "c/x.py"))
directories = st.sampled_from(("a", "a/b", "c"))
texts = st.sampled_from(
    ("alpha\n", "alpha beta\n\ngamma\n" * 9, "gamma " * 3, "", "alpha\0", "delta" * 90)
)
rules = st.sampled_from(("", "*.gen\n", "a/\n", "b\n!x.py\n", "/x.py\nc/\n"))


class Following(RuleBasedStateMachine):
    """One folder, and an index that is told what happens in it."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp(prefix="wl-index-"))
        self.root = self.top / "root"
        self.root.mkdir()
        self.open_texts: dict[str, str] = {}
        self.index = self.new_index()
        self.store = IndexStore(self.top / "store", self.index.folders)

    def teardown(self) -> None:
        shutil.rmtree(self.top)

    def new_index(self) -> RepositoryIndex:
        return RepositoryIndex(Folders([self.root]), LexicalIndex(), open_texts=self.open_texts)

    @rule(path=paths, text=texts, is_told=st.booleans())
    def write(self, path: str, text: str, is_told: bool) -> None:  # noqa: FBT001 (hypothesis)
        file = self.root / path
        is_new_directory = not file.parent.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if not is_told:
            list(self.index.scan())
        elif is_new_directory:
            list(self.index.scan(path.partition("/")[0]))
        else:
            self.index.update(path)

    @rule(path=paths, is_told=st.booleans())
    def delete(self, path: str, is_told: bool) -> None:  # noqa: FBT001 (hypothesis)
        (self.root / path).unlink(missing_ok=True)
        if is_told:
            self.index.update(path)
        else:
            list(self.index.scan())

    @rule(directory=directories, is_told=st.booleans())
    def delete_directory(self, directory: str, is_told: bool) -> None:  # noqa: FBT001
        shutil.rmtree(self.root / directory, ignore_errors=True)
        list(self.index.scan(directory if is_told else ""))

    @rule(old=directories, new=directories)
    def rename_directory(self, old: str, new: str) -> None:
        target = self.root / new
        has_place = not target.exists() and target.parent.is_dir() and not new.startswith(old)
        if (self.root / old).is_dir() and has_place:
            (self.root / old).rename(target)
            list(self.index.scan(old))
            list(self.index.scan(new))

    @rule(directory=st.sampled_from(("", "a")), text=rules, own=st.booleans())
    def ignore(self, directory: str, text: str, own: bool) -> None:  # noqa: FBT001 (hypothesis)
        if (self.root / directory).is_dir():
            name = ".warmlineignore" if own else ".gitignore"
            (self.root / directory / name).write_text(text, encoding="utf-8")
            list(self.index.scan())

    @rule(path=paths, text=texts)
    def open_or_edit(self, path: str, text: str) -> None:
        self.open_texts[path] = text
        self.index.update(path)

    @rule(path=paths)
    def close(self, path: str) -> None:
        self.open_texts.pop(path, None)
        self.index.update(path)

    @rule()
    def start_again(self) -> None:
        """Nothing is open in a new run before the index is read."""
        self.store.write(self.index.state())
        self.open_texts.clear()
        self.index = self.new_index()
        state = self.store.read()
        assert state is not None
        self.index.restore(state)
        list(self.index.scan())

    @invariant()
    def is_what_a_new_one_is(self) -> None:
        rebuilt = self.new_index()
        list(rebuilt.scan())
        index = self.index
        assert sorted(index.lexical.paths) == sorted(rebuilt.lexical.paths)
        for query in ("alpha", "beta gamma", "gamma alpha alpha"):
            assert index.lexical.search(query, ALL) == rebuilt.lexical.search(query, ALL)
        assert index.left_out == rebuilt.left_out


Following.TestCase.settings = settings(max_examples=20, stateful_step_count=20)
TestFollowing = Following.TestCase
