"""What the Python analyser reads out of texts and of ty's answers."""

from pathlib import Path

import pytest

from monitors.host.analysers import Call, Document, Workspace
from monitors.host.python.cutting import INVENTED, with_invented_name, without_name
from monitors.host.python.environments import FolderEnvironments, find_environment
from monitors.host.python.openness import doubt
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.|", f"x.(x.{INVENTED})"),
        ("a = self.session.|get()", f"a = self.session.(self.session.{INVENTED})()"),
        ("f(x.|)", f"f(x.(x.{INVENTED}))"),
        ("not größe.|", f"not größe.(größe.{INVENTED})"),
        ("f().x.|", None),
        ("f().|", None),
        ("'text'.|", None),
        ("a[0].b.|", None),
        ("1.|", None),
    ],
)
def test_an_invented_name_stands_beside_where_the_receiver_can_be_repeated(
    text: str, expected: str | None
) -> None:
    cut, offset = document(text)
    both = with_invented_name(cut, offset)
    assert (both.text if both else None) == expected


@pytest.mark.parametrize(
    "message",
    [
        f"Object of type `dict[str, Any]` has no attribute `{INVENTED}`",
        f"Object of type `int | str` has no attribute `{INVENTED}`",
        f"Module `os` has no member `{INVENTED}`",
        f"Class `Color` has no attribute `{INVENTED}`",
    ],
)
def test_where_an_invented_name_is_complained_of_the_others_are_all(message: str) -> None:
    assert doubt(["Object of type `Any` has no attribute `other`", message]) == ""


def test_of_two_complaints_the_one_that_names_a_type_counts() -> None:
    future = f"Future feature `{INVENTED}` is not defined"
    assert doubt([future, f"Module `__future__` has no member `{INVENTED}`"]) == ""
    assert doubt([future])


@pytest.mark.parametrize(
    "messages",
    [
        [],
        ["Object of type `int` has no attribute `something_else`"],
        [f"Attribute `{INVENTED}` is not defined on `str` in union `Unknown | str`"],
        [f"Object of type `Any | None` has no attribute `{INVENTED}`"],
        [f"Object of type `<super: <class 'B'>, B>` has no attribute `{INVENTED}`"],
        [f"Object of type `list[int] | @Todo(starred)` has no attribute `{INVENTED}`"],
    ],
)
def test_otherwise_there_is_doubt(messages: list[str]) -> None:
    assert doubt(messages)


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
