"""The live index says what an index made from nothing says, and that what rank-bm25 says."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retrieval import postings
from retrieval.chunking import chunks_of
from retrieval.lexical import LexicalIndex
from retrieval.names import names_defined_in
from retrieval.reference import reference_scores
from retrieval.terms import terms_of

ALL = 1_000
QUERIES = ("a", "aB a c", "b_c d d", "nobody knows", "", "a b c d e aB b_c")
paths = st.sampled_from(("x.py", "y.py", "z/x.py"))
# So few words that every one of them is in most chunks at times.
lines = st.sampled_from(("", "", "a", "b c", "aB", "b_c = d(e)", "a a a", "+", "d", "class aB:"))
NAMES = ("b_c", "aB", "a", "b")
texts = st.lists(lines, max_size=40).map("\n".join)


class ComingAndGoing(RuleBasedStateMachine):
    """Files come, change and go."""

    def __init__(self) -> None:
        super().__init__()
        self.index = LexicalIndex()
        self.texts: dict[str, str] = {}

    @rule(path=paths, text=texts)
    def write(self, path: str, text: str) -> None:
        self.index.replace(path, text)
        self.texts[path] = text

    @rule(path=paths)
    def delete(self, path: str) -> None:
        self.index.remove(path)
        self.texts.pop(path, None)

    @rule(path=paths, text=texts)
    def append(self, path: str, text: str) -> None:
        self.write(path, self.texts.get(path, "") + "\n" + text)

    @invariant()
    def says_what_a_new_one_says(self) -> None:
        rebuilt = LexicalIndex()
        for path, text in self.texts.items():
            rebuilt.replace(path, text)
        assert self.index.num_chunks == rebuilt.num_chunks
        for query in QUERIES:
            for limit in (1, 3, ALL):
                assert self.index.search(query, limit) == rebuilt.search(query, limit)
            without = self.index.search(query, ALL, without_path="x.py")
            assert without == rebuilt.search(query, ALL, without_path="x.py")

    @invariant()
    def knows_where_names_are_defined(self) -> None:
        chunks = [each for path, text in self.texts.items() for each in chunks_of(path, text)]
        for name in NAMES:
            wanted = [
                each
                for each in sorted(chunks, key=lambda each: (each.path, each.start_line))
                if name in names_defined_in(each.text) and each.path != "x.py"
            ]
            assert list(self.index.defining(name, ALL, near="x.py")) == wanted
            assert list(self.index.defining(name, 1, near="x.py")) == wanted[:1]

    @invariant()
    def says_what_rank_bm25_says(self) -> None:
        chunks = [each for path, text in self.texts.items() for each in chunks_of(path, text)]
        for query in QUERIES:
            words = set(terms_of(query))
            scored = reference_scores(query, chunks)
            wanted = {
                replace(each, score=0.0): each.score
                for each in scored
                if words & set(terms_of(each.text))
            }
            found = {replace(each, score=0.0): each.score for each in self.index.search(query, ALL)}
            assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)


ComingAndGoing.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestComingAndGoing = ComingAndGoing.TestCase


def test_slots_of_forgotten_chunks_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaning changes no answer: it happens often here, and never in the index it equals."""
    monkeypatch.setattr(postings, "_MIN_DEAD_SLOTS", 2)
    index, plain = LexicalIndex(), LexicalIndex()
    for number in range(50):
        index.replace(f"{number % 5}.py", f"name_{number} common\n\nother_{number % 3}")
    for number in range(45, 50):
        plain.replace(f"{number % 5}.py", f"name_{number} common\n\nother_{number % 3}")
    assert index.search("name_47 common other_1", ALL) == plain.search(
        "name_47 common other_1", ALL
    )
    assert index.document_frequency("name_3") == 0
    assert index._postings._num_slots < 20


def test_the_nearest_definition_comes_first() -> None:
    index = LexicalIndex()
    for path in ("b.py", "here/other.py", "here/deep/one.py", "far/away/x.py", "here/me.py"):
        index.replace(path, "class Thing:\n    pass\n")
    found = [chunk.path for chunk in index.defining("Thing", ALL, near="here/me.py")]
    assert found == ["here/other.py", "b.py", "here/deep/one.py", "far/away/x.py"]


def test_definitions_outlive_a_restart() -> None:
    index, restored = LexicalIndex(), LexicalIndex()
    index.replace("a.py", "class Thing:\n    pass\n")
    restored.restore(index.state())
    assert restored.defining("Thing", ALL, near="b.py") == index.defining("Thing", ALL, near="b.py")
    restored.remove("a.py")
    assert not restored.defining("Thing", ALL, near="b.py")


RARE = ("fig", "date", "kiwi", "plum", "sloe")
"""Words that are in no more than half of all chunks of `parts_and_whole`."""


def parts_and_whole() -> tuple[list[LexicalIndex], LexicalIndex]:
    """Return three indexes, one of them without a word that others have, and one of all files."""
    parts, whole = [LexicalIndex() for _ in range(3)], LexicalIndex()
    for number in range(24):
        words = [word for at, word in enumerate(RARE) if number % (at + 3) == 0]
        text = " ".join([*words * (number % 2 + 1), chr(ord("a") + number) * 3] * (number % 5 + 1))
        part = parts[0] if number < 4 else parts[1 + number % 2]
        for index in (part, whole):
            index.replace(f"{number}.py", text)
    return parts, whole


@pytest.mark.parametrize("query", ["fig date", "kiwi plum plum sloe", "ddd fig", "nobody"])
def test_with_their_statistics_added_up_several_indexes_score_as_one(query: str) -> None:
    parts, whole = parts_and_whole()
    among = parts[0].statistics(query) + parts[1].statistics(query) + parts[2].statistics(query)
    found = [chunk for part in parts for chunk in part.search(query, ALL, among=among)]
    expected = whole.search(query, ALL)
    assert {chunk.path: chunk.score for chunk in found} == pytest.approx(
        {chunk.path: chunk.score for chunk in expected}
    )
    if expected:
        alone = [chunk for part in parts for chunk in part.search(query, ALL)]
        assert [each.score for each in alone] != pytest.approx([each.score for each in found])


def test_an_index_with_nothing_in_it_adds_nothing() -> None:
    _, whole = parts_and_whole()
    among = whole.statistics("fig kiwi") + LexicalIndex().statistics("fig kiwi")
    assert whole.search("fig kiwi", ALL, among=among) == whole.search("fig kiwi", ALL)
    nothing = LexicalIndex().statistics("fig")
    assert (nothing + nothing).mean_length == 1.0


def test_words_of_most_chunks_have_a_lower_bound_there_too() -> None:
    parts, _ = parts_and_whole()
    for part in parts:
        for number in range(30):
            part.replace(f"common {number}.py", "everywhere")
    among = parts[0].statistics("everywhere") + parts[1].statistics("everywhere")
    assert all(chunk.score > 0 for chunk in parts[0].search("everywhere", ALL, among=among))
