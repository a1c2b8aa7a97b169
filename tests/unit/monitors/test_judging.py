"""What an analyser's answer means for a name, and when it means nothing."""

from pathlib import Path

import pytest

from monitors.judging import judged_call, judged_names
from monitors.types import Answer, Names, Signature, Site, SiteKind, Source

CURSOR = "¦"


THREE_CLASSES = """
class A:
    def f(self): self.a

class B:
    def f(self):
        self.b
        self.¦

    def g(self): self.c

class C:
    def f(self): self.d
"""


def judged(
    marked: str,
    *names: str,
    kind: SiteKind = SiteKind.MEMBER,
    receiver: str = "x",
    language: str = "python",
    reason: str = "",
) -> Answer:
    before, _, rest = marked.partition(CURSOR)
    written, _, after = rest.rpartition(CURSOR)
    cursor, before = len(before), before + written
    source = Source(Path("/file"), language, before + after)
    site = Site(kind, len(before), "", is_ended=False, receiver=receiver)
    return judged_names(site, Names(frozenset(names), "fake", 2.0, reason), source, cursor)


def test_known_names_are_all_there_is() -> None:
    answer = judged("x.¦", "open", "close")
    assert answer.allows("open", is_ended=True)
    assert answer.allows("cl", is_ended=False)
    assert not answer.allows("cl", is_ended=True)
    assert not answer.allows("write", is_ended=True)
    assert (answer.analyser, answer.took_ms, answer.reason) == ("fake", 2.0, "")


def test_a_part_that_is_typed_is_no_part_of_what_follows() -> None:
    answer = judged("x.¦", "open", "opened", "close")
    assert answer.continuations("open") == {"", "ed"}
    assert answer.continuations("write") == frozenset()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "analysis knows no names here"),
        (("__init__", "__class__", "__eq__"), "analysis knows no more than of any object"),
    ],
)
def test_nothing_is_forbidden_where_analysis_is_not_to_be_believed(
    names: tuple[str, ...], reason: str
) -> None:
    answer = judged("x.¦", *names)
    assert (answer.texts, answer.reason) == (frozenset(), reason)
    assert answer.allows("anything", is_ended=True)


def test_the_analysers_own_reason_is_passed_on() -> None:
    assert judged("x.¦", reason="the type is not known").reason == "the type is not known"


@pytest.mark.parametrize(
    ("marked", "receiver", "allowed", "forbidden"),
    [
        ("x.late = 1\nx.¦\nx.later()", "x", ("late", "later"), ("other",)),
        ("y.x.late\nx.¦", "x", (), ("late",)),  # another x
        ("x.¦\nlate", "x", (), ("late",)),  # the next line is no part of it
        ("x.¦late", "x", (), ("late",)),
        ("a.b.late\na.b.¦", "a.b", ("late",), ()),
        ("__x.¦", "x", ("__name__", "__dict__"), ("__other__",)),
        (
            THREE_CLASSES,
            "self",
            ("b", "c"),
            ("a", "d"),
        ),
        ("class A:\n    def f(self):\n        self.¦", "self", (), ("a",)),
    ],
)
def test_what_the_document_uses_behind_the_same_receiver_is_possible(
    marked: str, receiver: str, allowed: tuple[str, ...], forbidden: tuple[str, ...]
) -> None:
    answer = judged(marked, "known", receiver=receiver)
    assert all(answer.allows(name, is_ended=True) for name in ("known", *allowed))
    assert not any(answer.allows(name, is_ended=True) for name in forbidden)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("from a import ", ""),
        ("def f():\n    from a import ", ""),
        ("if TYPE_CHECKING:\n    from a import ", ""),
        ("try:\n    from a import ", "the import may fail"),
        ("try:\n    a = 1\n\n    from a import ", "the import may fail"),
        ("except ImportError:\n    from a import ", "the import may fail"),
        ("if sys.version_info >= (3, 11):\n    from a import ", "the import may fail"),
        ("try:\n    pass\nfinally:\n    from a import ", ""),
    ],
)
def test_an_import_that_may_fail_may_name_anything(before: str, reason: str) -> None:
    assert judged(before + CURSOR, "os", kind=SiteKind.IMPORT).reason == reason


def test_a_module_that_is_imported_within_a_block_may_be_missing() -> None:
    block = "def f():\n    import "
    assert judged(block + CURSOR, "os", kind=SiteKind.MODULE, receiver="").reason != ""
    assert judged(f"{block}os.¦", "path", kind=SiteKind.MODULE, receiver="os.").reason == ""
    assert judged("import ¦", "os", kind=SiteKind.MODULE, receiver="").reason == ""


def test_what_a_candidate_writes_makes_nothing_possible() -> None:
    answer = judged("x.early\n¦x.late\nx.¦\nx.later", "known", receiver="x")
    assert answer.texts >= {"known", "early", "later"}
    assert not answer.allows("late", is_ended=True)


def test_words_of_the_language_are_possible() -> None:
    assert judged("A.¦", "x", language="java").allows("class", is_ended=True)
    assert judged("A::¦", "x", language="cpp").allows("operator", is_ended=True)
    assert not judged("a.¦", "x", language="typescript").allows("class", is_ended=True)


def test_a_type_may_be_any_word_of_the_document() -> None:
    answer = judged("import { Shop };\nnew ¦", "Map", kind=SiteKind.TYPE, language="typescript")
    assert answer.allows("Shop", is_ended=True)
    assert not answer.allows("Shope", is_ended=True)


CALL = Signature(frozenset(("a", "b")), takes_any_keyword=False, most_positional=1)


def keyword(name: str, *taken: str) -> Site:
    return Site(SiteKind.KEYWORD, 9, f"{name}=", is_ended=True, taken=frozenset(taken))


def arity(name: str, num_before: int) -> Site:
    return Site(SiteKind.ARITY, 9, name, is_ended=True, num_before=num_before)


def test_a_keyword_must_be_one_that_is_left() -> None:
    assert judged_call(keyword("a"), CALL).texts == {"a=", "b=", ")"}
    assert judged_call(keyword("b", "a"), CALL).texts == {"b=", ")"}
    assert not judged_call(keyword("c"), CALL).allows("c=", is_ended=True)


def test_one_argument_too_many_is_a_keyword_or_the_end() -> None:
    answer = judged_call(arity(",\n  x", 1), CALL)
    assert answer.texts == {",\n  a=", ",\n  b=", ")"}
    assert not answer.allows(",\n  x", is_ended=True)


@pytest.mark.parametrize(
    ("site", "call", "reason"),
    [
        (keyword("c"), None, "the call is not known"),
        (keyword("c"), Signature(frozenset(), True, 1), "the call takes any keyword"),
        (
            arity(", x", 5),
            Signature(frozenset(), False, None),
            "the call takes any number of arguments",
        ),
        (arity(", x", 1), Signature(frozenset(), False, 2), "the call takes more arguments"),
    ],
)
def test_an_argument_is_free_where_the_call_takes_it(
    site: Site, call: Signature | None, reason: str
) -> None:
    answer = judged_call(site, call)
    assert (answer.texts, answer.reason) == (frozenset(), reason)
