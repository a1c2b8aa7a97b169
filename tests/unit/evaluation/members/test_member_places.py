"""Where names are found, and how a file is cut there."""

from itertools import pairwise

import pytest

from evaluation.corpus.catalogue import ArchiveKind
from evaluation.members.c_places import c_places
from evaluation.members.java_places import java_places
from evaluation.members.places import Place
from evaluation.members.python_places import python_places
from evaluation.members.selection import NameCounts, PackageSites, all_sites
from evaluation.members.typescript_places import typescript_places
from tests.unit.evaluation.members.little_packages import (
    ATTIC,
    BARN,
    FRONT,
    SHED,
    SHOP,
    little_source,
    sites_of,
)


def _named(places: list[Place], sort: str) -> list[str]:
    return sorted(place.name for place in places if place.sort == sort)


def _stands(text: str, place: Place) -> bool:
    return text.split("\n")[place.line][place.column :].startswith(place.name)


def test_python_names_are_reads_imports_and_keywords() -> None:
    """No definition, no deletion, nothing in an f-string, no keyword of a class."""
    places = list(python_places(SHOP))
    assert _named(places, "member") == ["books", "enqueue"]
    assert _named(places, "import") == ["OrderStore", "open_store"]
    assert _named(places, "keyword") == ["is_fresh", "retries"]
    assert all(_stands(SHOP, place) for place in places)


def test_broken_python_has_no_names() -> None:
    assert not list(python_places("def (:\n"))
    assert not list(python_places("a\0b"))


def test_typescript_names_are_reads_and_imports_whose_module_stays() -> None:
    places = list(typescript_places(FRONT, "typescript"))
    assert _named(places, "import") == ["four", "three"]
    assert _named(places, "member") == [
        *("#size", "Inner", "length", "reset", "then", "width", "width"),
    ]
    assert all(_stands(FRONT, place) for place in places)


def test_javascript_is_read_as_typescript_is() -> None:
    text = "import {\n  one,\n} from './one';\nthis.#kept = one.two;\nexports.three = a?.four;\n"
    places = list(typescript_places(text, "javascript"))
    assert _named(places, "import") == ["one"]
    assert _named(places, "member") == ["four", "two"]


def test_c_names_are_members_and_no_macros() -> None:
    places = list(c_places(SHED, "c"))
    assert _named(places, "member") == ["door", "width", "width"]
    assert all(_stands(SHED, place) for place in places)


def test_cpp_names_are_members_and_names_that_are_looked_up_but_not_defined() -> None:
    """`Barn::grow` is being defined; the type in its own parameters is not."""
    places = list(c_places(BARN, "cpp"))
    assert _named(places, "member") == ["begin", "emplace", "size"]
    assert _named(places, "scoped") == [
        *("Kind", "Wide", "fmt", "from", "iterator", "optional", "print", "vector", "vector"),
    ]
    assert all(_stands(BARN, place) for place in places)


def test_java_names_are_members_and_the_last_ones_of_imports() -> None:
    places = list(java_places(ATTIC))
    assert _named(places, "import") == ["List", "emptyList", "io"]
    assert _named(places, "member") == [
        *("Entry", "add", "getClass", "length", "out", "println", "valueOf"),
    ]
    assert all(_stands(ATTIC, place) for place in places)


def test_a_site_is_the_file_cut_at_a_name() -> None:
    """Line, name and rest give the file again; the cursor's line ends at the cursor."""
    source = little_source()
    sites = list(sites_of(source).sites("member", 0)) + list(sites_of(source).sites("keyword", 0))
    assert sites
    for site in sites:
        text = source.latest[site.path]
        assert site.before + site.truth + site.after in (text, text.removesuffix("\n") + "\n")
        assert site.text[site.offset] == "\n"
        assert site.before.endswith((".", "(", ", "))


def test_sites_take_turns_over_packages_and_files_and_depend_on_the_seed() -> None:
    files = {f"shop/{name}.py": "a.x\n\n\n\n\na.y\n\n\n\n\na.z" for name in "bcd"}
    packages = [sites_of(little_source(files, name)) for name in ("shop", "fair")]
    sites = list(all_sites("python/member", packages, per_package=4, seed=0))
    assert [site.package for site in sites] == ["shop 2.0", "fair 2.0"] * 4
    assert len({site.path for site in sites[::2][:3]}) == 3
    again = list(all_sites("python/member", packages, per_package=4, seed=0))
    other = list(all_sites("python/member", packages, per_package=4, seed=1))
    assert sites == again
    assert sites != other
    assert len({site.key for site in sites}) == len(sites)


def test_neighbours_are_left_out() -> None:
    files = {"shop/near.py": "a.b\na.c\na.d\na.e\n\n\na.f"}
    sites = list(sites_of(little_source(files)).sites("member", 0))
    lines = sorted(site.before.count("\n") for site in sites)
    assert all(later - line >= 5 for line, later in pairwise(lines))
    assert len(sites) < 5


@pytest.mark.parametrize(("others", "is_rare"), [(0, True), (2, True), (3, False)])
def test_a_name_is_rare_that_few_other_files_have(others: int, *, is_rare: bool) -> None:
    files = {"own.py": "a.wanted"} | {f"{index}.py": "wanted = 1" for index in range(others)}
    source = little_source(files)
    counts = NameCounts([files])
    (site,) = PackageSites(source, counts).sites("member", 0)
    assert site.other_files == others
    assert site.is_rare == is_rare


def test_documents_have_the_language_of_their_editor() -> None:
    files = {"src/a.ts": "a.b", "src/b.tsx": "const c = <p>{a.b}</p>"}
    source = little_source(files, "web", ArchiveKind.NPM)
    sites = {site.path: site for site in sites_of(source).sites("member", 0)}
    assert sites["src/a.ts"].language == "typescript"
    assert sites["src/b.tsx"].language == "typescriptreact"
    assert {site.kind for site in sites.values()} == {"typescript/member"}
