"""The pinned packages, and how they come to this disk."""

import io
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from engine.weights.progress import ProgressReport, ignore_progress
from evaluation.corpus.archives import read_archive
from evaluation.corpus.catalogue import (
    ANALYSED_LANGUAGES,
    LANGUAGES,
    ArchiveKind,
    CorpusPackage,
    PinnedPackage,
    Release,
    analysed_packages,
    corpus_packages,
)
from evaluation.corpus.errors import CorpusError
from evaluation.corpus.fetching import fetch, fetch_all, is_fetched
from evaluation.corpus.sources import is_source_path, usable_text
from tests.unit.evaluation.made_up_packages import made_up_entry
from warmline.benchmarks import retrieval
from warmline.suites import edit_corpus, repo_corpus
from warmline.training import repositories

ROOT = Path(__file__).parents[3]
CODE = "".join(f"value_{index} = {index}\n" for index in range(80))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("WARMLINE_CACHE", str(folder))
    return folder


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point pip at an empty folder of archives."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def add_wheel(registry: Path, name: str, version: str, files: Mapping[str, str]) -> Release:
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    path = registry / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", metadata + "Requires-Python: >=3.99\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return release_of(path, version)


def add_tarball(path: Path, version: str, files: Mapping[str, str]) -> Release:
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            member = tarfile.TarInfo(file)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return release_of(path, version)


def release_of(path: Path, version: str) -> Release:
    return Release(version, "2026-01-01", sha256(path.read_bytes()).hexdigest())


def add_python_package(registry: Path, name: str = "tiny-code") -> CorpusPackage:
    stem = name.replace("-", "_")
    releases = [
        add_wheel(registry, name, version, {f"{stem}/core.py": CODE + f"version = {version}\n"})
        for version in ("1.0", "2.0")
    ]
    return replace(made_up_entry(name), previous=releases[0], latest=releases[1])


def test_the_list_is_what_was_asked_for() -> None:
    packages = corpus_packages()
    languages = [package.language for package in packages]
    assert languages == sorted(languages, key=LANGUAGES.index)
    assert [
        languages.count(language) >= least
        for language, least in zip(LANGUAGES, (20, 6, 6), strict=True)
    ]
    releases = [release for package in packages for release in package.releases]
    assert len({release.sha256 for release in releases}) == len(releases)
    assert all(re.fullmatch(r"[0-9a-f]{64}", release.sha256) for release in releases)
    assert all(release.released >= "2025-01-01" for release in releases)


def test_what_only_analysers_are_asked_about_is_no_part_of_any_other_suite() -> None:
    """Else another package would change which cases a run is to measure that is under way."""
    packages = analysed_packages()
    assert {package.language for package in packages} == set(ANALYSED_LANGUAGES)
    assert not set(ANALYSED_LANGUAGES) & {package.language for package in corpus_packages()}
    assert not {package.name for package in packages} & {each.name for each in corpus_packages()}
    for suite in (edit_corpus, repo_corpus, repositories, retrieval):
        assert suite.corpus_packages is corpus_packages
        assert not hasattr(suite, "analysed_packages")


def test_all_that_is_analysed_is_pinned_and_was_released_after_the_models() -> None:
    releases = [release for package in analysed_packages() for release in package.releases]
    assert len({release.sha256 for release in releases}) == len(analysed_packages())
    assert all(re.fullmatch(r"[0-9a-f]{64}", release.sha256) for release in releases)
    assert all(release.released >= "2025-01-01" for release in releases)
    assert all(package.license for package in analysed_packages())


def test_no_package_is_a_dependency_of_this_project() -> None:
    """A grammar's library is: its source distribution is another archive than what runs."""
    required = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    assert not required & {package.name for package in corpus_packages()}
    assert required & {package.name for package in analysed_packages()} <= {"tree-sitter"}


def test_every_package_is_in_the_documentation() -> None:
    text = (ROOT / "docs/corpus.md").read_text("utf-8")
    for package in corpus_packages():
        row = f"| {package.name} | {package.latest.version} | {package.previous.version} |"
        assert row in text, package.name
    for each in analysed_packages():
        row = f"| {each.name} | {each.latest.version} | {each.latest.released} | {each.license} |"
        assert row in text, each.name


def test_wheels_are_fetched_once_and_read_ever_after(registry: Path) -> None:
    package = add_python_package(registry)
    reports: list[ProgressReport] = []
    assert not is_fetched(package)
    source = fetch(package, reports.append)
    assert is_fetched(package)
    assert source.latest == source.files("2.0") == {"tiny_code/core.py": CODE + "version = 2.0\n"}
    assert source.previous == {"tiny_code/core.py": CODE + "version = 1.0\n"}
    assert reports
    for wheel in registry.iterdir():
        wheel.unlink()
    assert fetch(package, ignore_progress) == source


def test_nothing_but_the_sources_is_kept(registry: Path, cache: Path) -> None:
    fetch(add_python_package(registry), ignore_progress)
    names = {path.name for path in cache.rglob("*") if path.is_file()}
    assert names == {"core.py"}


def test_another_archive_than_the_pinned_one_is_refused(registry: Path, cache: Path) -> None:
    package = add_python_package(registry)
    package = replace(package, latest=replace(package.latest, sha256="1" * 64))
    with pytest.raises(CorpusError, match=r"tiny-code 2\.0"):
        fetch(package, ignore_progress)
    assert not is_fetched(package)
    assert not [path for path in cache.rglob("*") if "attempt" in path.name]


def test_a_missing_package_costs_a_sentence_and_the_rest_goes_on(registry: Path) -> None:
    package = add_python_package(registry)
    corpus = fetch_all([made_up_entry("not-there"), package], ignore_progress)
    assert [source.package for source in corpus.sources] == [package]
    (complaint,) = corpus.complaints
    assert complaint.startswith("the registry did not give not-there 1.0 (ERROR: ")
    assert "\n" not in complaint


def test_source_distributions_are_unpacked_and_never_built(registry: Path) -> None:
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: rusty\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "no_such_tool"\n',
        "src/lib.rs": "// {version}\n" + "fn one() {{}}\n" * 80,
        "setup.py": "raise SystemExit('never run')\n",
    }
    releases = []
    for version in ("1.0", "2.0"):
        members = {
            f"rusty-{version}/{name}": text.format(version=version) for name, text in files.items()
        }
        releases.append(add_tarball(registry / f"rusty-{version}.tar.gz", version, members))
    package = made_up_entry("rusty", ArchiveKind.SOURCE)
    package = replace(package, previous=releases[0], latest=releases[1])
    source = fetch(package, ignore_progress)
    assert list(source.latest) == ["src/lib.rs"]
    assert source.latest["src/lib.rs"].startswith("// 2.0\n")
    wrong = replace(package, latest=replace(package.latest, sha256="1" * 64))
    with pytest.raises(CorpusError, match=r"rusty 2\.0"):
        fetch(wrong, ignore_progress)


def test_no_build_tool_is_there_to_run_anything(registry: Path, tmp_path: Path) -> None:
    """Found for packages that setuptools builds, which this very environment may have."""
    ran = tmp_path / "ran"
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: cee\nVersion: 2.0\n",
        "setup.py": f"import pathlib\npathlib.Path({str(ran)!r}).touch()\n",
        "src/cee.c": "int value;\n" * 80,
    }
    members = {f"cee-2.0/{name}": text for name, text in files.items()}
    release = add_tarball(registry / "cee-2.0.tar.gz", "2.0", members)
    package = PinnedPackage("cee", "c", ArchiveKind.SOURCE, "MIT", release)
    source = fetch(package, ignore_progress)
    assert list(source.latest) == ["src/cee.c"]
    assert source.previous == source.latest  # there is no other release
    assert not ran.exists()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorpusPackage:
    """Stand in for npm with a script that hands out two tarballs."""
    store, programs = tmp_path / "store", tmp_path / "programs"
    store.mkdir()
    programs.mkdir()
    script = programs / "npm"
    script.write_text(f'#!/bin/sh\ncp "{store}/$(echo "$2" | tr "/" "-").tgz" .\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    text = "export const one = 1;\n" * 80
    releases = [
        add_tarball(store / f"@scope-tiny@{version}.tgz", version, {"package/src/one.ts": text})
        for version in ("1.0", "2.0")
    ]
    package = made_up_entry("@scope/tiny", ArchiveKind.NPM)
    return replace(package, previous=releases[0], latest=releases[1])


def test_typescript_comes_from_npm(npm: CorpusPackage) -> None:
    assert list(fetch(npm, ignore_progress).latest) == ["src/one.ts"]


def test_npm_is_checked_against_the_pinned_hash(npm: CorpusPackage) -> None:
    package = replace(npm, latest=replace(npm.latest, sha256="1" * 64))
    with pytest.raises(CorpusError, match=r"where 1111.* was pinned"):
        fetch(package, ignore_progress)


def test_no_npm_is_said_in_one_sentence(
    npm: CorpusPackage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match="no npm was found on the PATH; install"):
        fetch(npm, ignore_progress)


def test_members_that_would_leave_the_folder_are_left_out(tmp_path: Path) -> None:
    paths = ["package/a.py", "package/../../b.py", "package//d.py", "package/e\\..\\f.py"]
    archive = tmp_path / "bad.tgz"
    add_tarball(archive, "1.0", dict.fromkeys(paths, "x"))
    assert [path for path, _ in read_archive(archive, is_anything)] == ["a.py"]
    wheel = tmp_path / "bad.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        for path in ("a.py", "../b.py", "/c.py"):
            opened.writestr(path, "x")
    assert [path for path, _ in read_archive(wheel, is_anything)] == ["a.py"]


def test_links_are_left_out(tmp_path: Path) -> None:
    archive = tmp_path / "links.tgz"
    with tarfile.open(archive, "w:gz") as opened:
        link = tarfile.TarInfo("package/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, os.devnull
        opened.addfile(link)
    assert not list(read_archive(archive, is_anything))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link.py").symlink_to(archive)
    assert not list(read_archive(tmp_path / "tree", is_anything))


@pytest.mark.parametrize("name", ["broken.whl", "broken.tgz"])
def test_a_damaged_archive_is_said_to_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not an archive at all")
    with pytest.raises(CorpusError, match=f"{name} is damaged"):
        list(read_archive(tmp_path / name, is_anything))


def test_an_archive_of_far_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.corpus.archives._MOST_BYTES", 10)
    add_tarball(tmp_path / "big.tgz", "1.0", {"package/a.py": "x" * 6, "package/b.py": "x" * 6})
    with pytest.raises(CorpusError, match="more than 10 bytes"):
        list(read_archive(tmp_path / "big.tgz", is_anything))


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("package/core.py", "python", True),
        ("package/tests/core.py", "python", False),
        ("package/test_core.py", "python", False),
        ("package/conftest.py", "python", False),
        ("package/_vendor/six.py", "python", False),
        ("package/core_pb2.py", "python", False),
        ("package/core.pyi", "python", False),
        ("tests.py/core.py", "python", True),
        ("src/core.ts", "typescript", True),
        ("src/view.tsx", "typescript", True),
        ("dist/core.d.ts", "typescript", False),
        ("src/core.d.ts", "typescript", False),
        ("src/core.test.ts", "typescript", False),
        ("src/lib.rs", "rust", True),
        ("lib/index.mjs", "javascript", True),
        ("dist/index.js", "javascript", False),
        ("c/enc/encode.c", "c", True),
        ("c/enc/encode.h", "c", False),
        ("extern/metis/graph.c", "c", False),
        ("extern/metis/graph.py", "python", True),
        ("src/node.cc", "cpp", True),
        ("binding/python.cpp", "cpp", False),
        ("src/main/java/Shop.java", "java", True),
        ("src/test/java/Shop.java", "java", False),
        ("benches/speed.rs", "rust", False),
    ],
)
def test_which_paths_are_sources(path: str, language: str, *, expected: bool) -> None:
    assert is_source_path(path, language) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (CODE.encode(), True),
        (b"a = 1\n" * 50, False),
        (b"a = 1\n" * 3001, False),
        (CODE.encode() + b"\xff\n", False),
        (CODE.replace("\n", "\r\n").encode(), False),
        (CODE.encode() + b"x" * 500, False),
        (b"# Generated by a tool. DO NOT EDIT.\n" + CODE.encode(), False),
    ],
)
def test_which_texts_are_usable(content: bytes, *, expected: bool) -> None:
    assert (usable_text(content) is not None) is expected


def is_anything(_path: str) -> bool:
    return True
