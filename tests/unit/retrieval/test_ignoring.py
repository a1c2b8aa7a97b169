"""Which rule decides about a file, and how a hostile rule is kept from deciding anything."""

from pathlib import Path

import pytest

from retrieval.ignoring import IgnoreRules


def write(root: Path, path: str, text: str = "") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_nothing_is_left_out_without_a_rule(tmp_path: Path) -> None:
    assert IgnoreRules(tmp_path).reason_for_file("a/b.py") == ""


def test_the_reason_names_file_and_pattern(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", "# what tests leave\n*.tmp\n")
    assert IgnoreRules(tmp_path).reason_for_file("a/b.tmp") == ".gitignore: *.tmp"


def test_what_is_in_an_ignored_directory_is_ignored(tmp_path: Path) -> None:
    """As in git, nothing below it can be taken back."""
    write(tmp_path, ".gitignore", "build/\n!build/keep.py\n")
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_directory("build") == ".gitignore: build/"
    assert rules.reason_for_file("build/deep/keep.py") == ".gitignore: build/"
    assert rules.reason_for_file("build.py") == ""


def test_the_nearest_ignore_file_decides(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", "*.gen.py\n/top.py\n")
    write(tmp_path, "a/.gitignore", "!b.gen.py\n/inner.py\n")
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_file("b.gen.py") == ".gitignore: *.gen.py"
    assert rules.reason_for_file("a/b.gen.py") == ""
    assert rules.reason_for_file("a/inner.py") == ".gitignore: /inner.py"
    assert rules.reason_for_file("a/x/inner.py") == ""
    assert rules.reason_for_file("a/top.py") == ""


def test_the_own_ignore_file_has_the_last_word(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", "*.gen.py\n")
    write(tmp_path, ".warmlineignore", "!*.gen.py\nprivate/\n!.env.example\n")
    write(tmp_path, "a/.gitignore", "!private/\n*.gen.py\n")
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_file("a/b.gen.py") == ""
    assert rules.reason_for_directory("a/private") == ".warmlineignore: private/"
    assert rules.reason_for_file(".env.example") == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".env", "may hold secrets: *.env"),
        ("deploy/server.pem", "may hold secrets: *.pem"),
        ("home/.ssh/config", "may hold secrets: .ssh/"),
        ("web/node_modules/x/index.js", "kept by tools for themselves: node_modules/"),
        ("web/app.min.js", "data, or written by a program: *.min.js"),
    ],
)
def test_some_files_are_left_out_without_being_asked(
    path: str, reason: str, tmp_path: Path
) -> None:
    assert IgnoreRules(tmp_path).reason_for_file(path) == reason


def test_environments_and_caches_are_known_by_their_marks(tmp_path: Path) -> None:
    write(tmp_path, "any_name/pyvenv.cfg")
    write(tmp_path, "target/CACHEDIR.TAG")
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_file("any_name/lib/x.py") == "a Python environment"
    assert rules.reason_for_directory("target") == "a cache, says its CACHEDIR.TAG"


def test_rules_of_the_repository_around_a_folder_hold(tmp_path: Path) -> None:
    (tmp_path / ".git/info").mkdir(parents=True)
    write(tmp_path, ".git/info/exclude", "mine.py\n")
    write(tmp_path, ".gitignore", "/packages/app/out/\n*.tmp\n")
    write(tmp_path, "packages/.gitignore", "!kept.tmp\n")
    write(tmp_path, "packages/app/.gitignore", "own.py\n")
    rules = IgnoreRules(tmp_path / "packages/app")
    assert rules.reason_for_directory("out") == ".gitignore: /packages/app/out/"
    assert rules.reason_for_file("x.tmp") == ".gitignore: *.tmp"
    assert rules.reason_for_file("kept.tmp") == ""
    assert rules.reason_for_file("mine.py") == ".git/info/exclude: mine.py"
    assert rules.reason_for_file("own.py") == ".gitignore: own.py"


def test_folders_of_their_own_are_left_out(tmp_path: Path) -> None:
    rules = IgnoreRules(tmp_path, apart=("sub/project",))
    assert rules.reason_for_file("sub/project/x.py") == "a folder of its own"
    assert rules.reason_for_file("sub/x.py") == ""


def test_invalid_patterns_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", "!\n[z-a]\n\\\n*.tmp\n")
    assert IgnoreRules(tmp_path).reason_for_file("x.tmp") == ".gitignore: *.tmp"


def test_a_pattern_that_would_take_for_ever_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".gitignore", f"{'*a' * 30}b\n{'**/a/' * 30}b\nx\n")
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_file("a" * 250) == ""
    assert rules.reason_for_file("/".join("a" * 100)) == ""
    assert rules.reason_for_file("x") == ".gitignore: x"


def test_only_plain_ignore_files_of_reasonable_size_are_read(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere", "*.py\n")
    (tmp_path / ".gitignore").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "a/.gitignore").mkdir(parents=True)
    write(tmp_path, "b/.gitignore", "*.py\n" + "#" * 10_000_000)
    rules = IgnoreRules(tmp_path)
    assert rules.reason_for_file("x.py") == ""
    assert rules.reason_for_file("a/x.py") == ""
    assert rules.reason_for_file("b/x.py") == ".gitignore: *.py"
