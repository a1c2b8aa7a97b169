"""Memory limits of containers, read from files as the kernel shows them."""

from pathlib import Path

import pytest

from engine.memory_limits import bytes_left

GIB = 2**30
NO_LIMIT_OF_VERSION_1 = 9223372036854771712


def put_group(folder: Path, **files: int | str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("memory_", "memory.")).write_text(f"{value}\n")


def put_group_2(folder: Path, limit: int | str, usage: int, reclaimable: int = 0) -> None:
    statistics = f"anon 5\ninactive_file {reclaimable}"
    put_group(folder, memory_max=limit, memory_current=usage, memory_stat=statistics)


@pytest.fixture
def own_groups(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    return tmp_path / "mount"


def test_a_limit_of_version_2_less_what_is_in_use(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("0::/box\n")
    put_group_2(mount / "box", 2 * GIB, GIB)
    assert bytes_left(own_groups, mount) == GIB


def test_pages_that_can_be_dropped_count_as_free(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("0::/box\n")
    put_group_2(mount / "box", 2 * GIB, 2 * GIB, GIB // 2)
    assert bytes_left(own_groups, mount) == GIB // 2


def test_the_narrowest_group_around_the_process_counts(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("0::/slice/box/inner\n")
    put_group_2(mount / "slice", 3 * GIB, GIB)
    put_group_2(mount / "slice/box", GIB, GIB // 4)
    put_group_2(mount / "slice/box/inner", "max", GIB // 4)
    assert bytes_left(own_groups, mount) == 3 * GIB // 4


def test_a_container_whose_path_is_that_outside_is_read_at_its_root(
    own_groups: Path, mount: Path
) -> None:
    own_groups.write_text("0::/docker/0f3a\n")
    put_group_2(mount, GIB, 0)
    assert bytes_left(own_groups, mount) == GIB


def test_a_limit_of_version_1(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("5:cpu,cpuacct:/box\n4:memory:/box\n0::/\n")
    folder = mount / "memory" / "box"
    put_group(folder, memory_limit_in_bytes=GIB, memory_usage_in_bytes=GIB // 2)
    put_group(folder, memory_stat=f"inactive_file 3\ntotal_inactive_file {GIB // 4}")
    assert bytes_left(own_groups, mount) == 3 * GIB // 4


def test_without_a_limit_nothing_is_said(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("0::/box\n")
    put_group_2(mount / "box", "max", GIB)
    assert bytes_left(own_groups, mount) is None


def test_a_group_that_has_taken_too_much_leaves_nothing(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("0::/\n")
    put_group_2(mount, GIB, 2 * GIB)
    assert bytes_left(own_groups, mount) == 0


def test_a_system_without_groups_says_nothing(own_groups: Path, mount: Path) -> None:
    assert bytes_left(own_groups, mount) is None


def test_version_1_says_no_limit_by_a_huge_one(own_groups: Path, mount: Path) -> None:
    own_groups.write_text("4:memory:/\n")
    folder = mount / "memory"
    put_group(folder, memory_limit_in_bytes=NO_LIMIT_OF_VERSION_1, memory_usage_in_bytes=GIB)
    put_group(folder, memory_stat="total_inactive_file 0")
    assert bytes_left(own_groups, mount) == NO_LIMIT_OF_VERSION_1 - GIB
