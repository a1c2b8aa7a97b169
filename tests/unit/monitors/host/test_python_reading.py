"""What the Python analyser reads out of texts and of ty's answers."""

import re
from pathlib import Path

import pytest

from monitors.host.analysers import Call, Document, Workspace
from monitors.host.python.cutting import SPECIALS, with_specials, without_name
from monitors.host.python.environments import FolderEnvironments, find_environment
from monitors.host.python.habits import usual_dereferences
from monitors.host.python.openness import doubt, shown_type
from monitors.host.python.signatures import read_call


def document(text: str) -> tuple[Document, int]:
    """Return a document and the offset of the cursor mark in it."""
    return Document(Path("/a.py"), "python", text.replace("|", "", 1)), text.index("|")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.|", "x.()"),
        ("x.|name", "x.()"),
        ("x.|name(1)", "x.()(1)"),
        ("x.|\nnext_line", "x.()\nnext_line"),
        ("x.|größe = 3", "x.() = 3"),
        ("x.|1", "x.()"),  # a digit right behind is part of the name as well
    ],
)
def test_a_gap_takes_the_place_of_the_name(text: str, expected: str) -> None:
    cut, offset = document(text)
    assert without_name(cut, offset, "()").text == expected


def specials_of(receiver: str) -> str:
    return ", ".join(f"{receiver}.{special}" for special in SPECIALS)


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("x.|", "x"),
        ("a = self.session.|get()", "self.session"),
        ("f(x.|)", "x"),
        ("not größe.|", "größe"),
        ("f().x.|", "f().x"),
        ("x = f(a[0], (1, 2)).|", "f(a[0], (1, 2))"),
        ("a[0].b.|", "a[0].b"),
        ("return (a or b).|", "(a or b)"),
        ("return(a).|", "(a)"),
        ("x = [].|", "[]"),
    ],
)
def test_what_every_object_has_stands_beside_where_the_receiver_can_be_repeated(
    text: str, receiver: str
) -> None:
    cut, offset = document(text)
    gap, places = with_specials(cut, offset)
    name = re.match(r"\w*", cut.text[offset:])
    assert name is not None
    rest = cut.text[offset + name.end() :]
    assert gap.document.text == f"{cut.text[:offset]}({specials_of(receiver)}){rest}"
    assert {place.document.text for place in places} == {gap.document.text}


@pytest.mark.parametrize(
    "text",
    [
        "'text'.|",
        "f('text').|",
        "{}.|",
        "{}[0].|",
        "'text'[0].|",
        "1.|",
        "f(\n).|",
        "x\n    .|",
        ".|",
        "|",
        ").|",
        "(].|",
        f"{'long.' * 50}|",
    ],
)
def test_otherwise_each_of_them_has_a_text_of_its_own(text: str) -> None:
    cut, offset = document(text)
    gap, places = with_specials(cut, offset)
    assert gap.document.text == cut.text[:offset] + "()" + cut.text[offset:]
    texts = [place.document.text[offset:] for place in places]
    assert texts == [special + cut.text[offset:] for special in SPECIALS]


@pytest.mark.parametrize("text", ["x.|", "x = f().|name + 1", "'text'.|"])
def test_a_place_is_the_end_of_its_name(text: str) -> None:
    _gap, places = with_specials(*document(text))
    for special, (cut, offset) in zip(SPECIALS, places, strict=True):
        assert cut.text[: offset + 1].endswith(f".{special}")


OF_OBJECT = "bound method C.__getattribute__(name: str, /) -> Any"
OF_CLASS = "def __getattribute__(self, name: str, /) -> Any"


@pytest.mark.parametrize(
    "of_receiver",
    [
        OF_OBJECT,
        OF_CLASS,
        "bound method dict[str, int | None].__getattribute__(name: str, /) -> Any",
        "bound method (def f(x: int | str) -> None).__getattribute__(name: str, /) -> Any",
        f"({OF_OBJECT}) | (bound method None.__getattribute__(name: str, /) -> Any)",
    ],
)
def test_where_all_is_as_of_every_object_the_names_are_all(of_receiver: str) -> None:
    assert doubt(of_receiver, OF_CLASS, "Unknown", has_fallback=False) == ""


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Unknown",
        "Any",
        f"({OF_OBJECT}) & Unknown",
        f"({OF_CLASS}) & Any",
        f"({OF_OBJECT}) | (({OF_OBJECT}) & Unknown)",
        f"({OF_OBJECT}) | Any",
        f"({OF_OBJECT}) | @Todo",
        "bound method C.__getattribute__(name) -> Unknown",
        "bound method C.__getattribute__(name: str) -> int",
    ],
)
def test_otherwise_there_is_doubt(shown: str) -> None:
    assert doubt(shown, OF_CLASS, "Unknown", has_fallback=False)
    assert doubt(OF_OBJECT, shown, "Unknown", has_fallback=False)


def test_what_makes_names_up_has_any() -> None:
    assert doubt(OF_OBJECT, OF_CLASS, "Unknown", has_fallback=True)
    assert doubt(OF_OBJECT, OF_CLASS, "Any", has_fallback=False)
    assert doubt(OF_OBJECT, OF_CLASS, "", has_fallback=False)


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ("def f(\n    self,\n    /\n) -> Any\n---------\nWhat it does.", "def f(self, /) -> Any"),
        ({"kind": "plaintext", "value": "C"}, "C"),
        ("", ""),
    ],
)
def test_a_type_is_what_stands_above_the_line(contents: object, expected: str) -> None:
    assert shown_type({"contents": contents}) == expected


def test_without_an_answer_no_type_is_shown() -> None:
    assert shown_type(None) == ""


def test_what_occurs_most_is_looked_at_first_and_self_in_each_class() -> None:
    text = """\
import os.path
from a.b import c

class A:
    def f(self):
        self.one.two = os.path

class B:
    def f(self):
        self.one = self.two = x.y
        x.z
"""
    offsets = usual_dereferences(text, 3)
    assert [text[:offset].splitlines()[-1].strip() for offset in offsets] == [
        "self.",
        "self.one = self.two = x.",
        "self.",
    ]
    assert text[: offsets[0]].count("class") == 2
    assert len(usual_dereferences(text, 99)) == 4


def signature(label: str, *parameters: str) -> dict[str, object]:
    return {"label": label, "parameters": [{"label": parameter} for parameter in parameters]}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (signature("(x: int, y=1) -> P", "x: int", "y=1"), Call(frozenset("xy"), False, 2)),
        (
            signature("(iterable, /, *, key=None)", "iterable", "key=None"),
            Call(frozenset({"key"}), False, 1),
        ),
        (
            signature("(*values, sep=', ')", "*values", "sep=', '"),
            Call(frozenset({"sep"}), False, None),
        ),
        (signature("(a, **kwargs: Any)", "a", "**kwargs: Any"), Call(frozenset("a"), True, 1)),
        (signature("(a, b, /)", "a", "b"), Call(frozenset(), False, 2)),
        (signature("(größe)", "größe"), Call(frozenset({"größe"}), False, 1)),
        (signature("()"), Call(frozenset(), False, 0)),
    ],
)
def test_a_signature_is_read_from_its_label(shown: dict[str, object], expected: Call) -> None:
    assert read_call({"signatures": [shown]}, "") == expected


def test_overloads_count_together() -> None:
    both = [signature("(a, b)", "a", "b"), signature("(*c, d)", "*c", "d")]
    assert read_call({"signatures": both}, "ty") == Call(frozenset("abd"), False, None, "ty")


@pytest.mark.parametrize(
    "answer", [None, {"signatures": []}, {"signatures": [signature("(...) -> Unknown")]}]
)
def test_a_call_that_may_take_anything_is_not_known(answer: dict[str, object] | None) -> None:
    assert read_call(answer, "ty") is None


def environment(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    return folder


def test_a_setting_counts_before_all_and_its_link_is_not_followed(tmp_path: Path) -> None:
    chosen, local = environment(tmp_path / "chosen"), environment(tmp_path / "work" / ".venv")
    (chosen / "bin").mkdir()
    (chosen / "bin" / "python").symlink_to("/usr/bin/python3")
    for setting in (chosen, chosen / "bin" / "python"):
        assert find_environment(Workspace((local.parent,), setting), {}) == (chosen, True)


def test_the_workspace_counts_before_what_is_active(tmp_path: Path) -> None:
    local, active = environment(tmp_path / "work" / "venv"), environment(tmp_path / "active")
    variables = {"VIRTUAL_ENV": str(active)}
    assert find_environment(Workspace((local.parent,)), variables) == (local, True)
    assert find_environment(Workspace((tmp_path / "other",)), variables) == (active, True)
    assert find_environment(Workspace(), {"CONDA_PREFIX": str(active)}) == (active, True)


def test_the_python_on_the_path_comes_last(tmp_path: Path) -> None:
    (tmp_path / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").touch(mode=0o755)
    assert find_environment(Workspace(), {"PATH": str(tmp_path / "bin")}) == (tmp_path, False)


def test_there_may_be_none(tmp_path: Path) -> None:
    assert find_environment(Workspace((tmp_path,)), {"PATH": str(tmp_path)}) is None
    gone = Workspace(interpreter=tmp_path / "gone" / "bin" / "python")
    assert find_environment(gone, {"PATH": ""}) is None


def test_each_folder_has_the_environment_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "")
    monkeypatch.setenv("CONDA_PREFIX", "")
    monkeypatch.setenv("PATH", "")
    for folder in ("one", "two", "one/inner"):
        (tmp_path / folder).mkdir()
    for folder in ("one", "two"):
        (tmp_path / folder / ".venv").mkdir()
        (tmp_path / folder / ".venv" / "pyvenv.cfg").touch()
    names = ("one", "one/inner", "two", "three")
    one, inner, two, three = (tmp_path / name for name in names)
    environments = FolderEnvironments(Workspace((one, inner, two, three)))
    prefixes = [getattr(environments.of(each), "prefix", None) for each in (one, inner, two, three)]
    assert prefixes == [one / ".venv", one / ".venv", two / ".venv", None]
    assert environments.for_file(two / "a.py") == (two / ".venv", True)
    assert environments.for_file(inner / "a.py") == (one / ".venv", True)
    assert environments.for_file(tmp_path / "a.py") is None
    assert environments.of(None) is None
