"""Which Java types are wholly known."""

from pathlib import Path

import pytest

from monitors.host.java_world import is_closed, is_own_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "A.java").write_text(
        "package a;\nimport java.util.List;\nimport static a.b.C.*;\nclass A {}\n"
    )
    (tmp_path / "C.java").write_text("package a.b;\nclass C {}\n")
    return tmp_path


def test_sources_that_import_only_each_other_and_the_jdk_are_closed(folder: Path) -> None:
    assert is_closed([folder])


def test_one_import_from_elsewhere_opens_them(folder: Path) -> None:
    (folder / "B.java").write_text("package a;\nimport org.other.Base;\nclass B extends Base {}\n")
    assert not is_closed([folder])


def test_a_package_is_not_known_by_a_longer_one(folder: Path) -> None:
    (folder / "B.java").write_text("package a;\nimport ab.Base;\nclass B {}\n")
    assert not is_closed([folder])


def test_what_a_build_wrote_does_not_count(folder: Path) -> None:
    (folder / "target").mkdir()
    (folder / "target" / "B.java").write_text("import org.other.Base;\n")
    assert is_closed([folder])


@pytest.mark.parametrize(
    ("uri", "text", "is_it"),
    [
        ("jdt://contents/java.base/java.lang/String.class", "", True),
        ("file:///p/A.java", "class A { int x; }", True),
        ("file:///p/A.java", "class A extends Base {}", False),
        ("file:///p/A.java", "class A implements Named {}", False),
        ("file:///p/gone.java", "", False),
    ],
)
def test_a_type_is_known_if_the_jdk_has_it_or_it_has_no_base(
    uri: str, text: str, *, is_it: bool
) -> None:
    assert is_own_base(uri, text) is is_it
