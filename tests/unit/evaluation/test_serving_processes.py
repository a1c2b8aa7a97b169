"""What /proc says, read from texts as Linux writes them and from this very process."""

import os
from pathlib import Path

import pytest

from evaluation.bench.serving.processes import (
    cpu_seconds,
    files_in,
    memory_use,
    parse_cpu_ticks,
    parse_memory_use,
)
from evaluation.errors import UnexpectedResultError

STAT = "42 (a (strange) name) S 1 42 42 0 -1 4194560 100 0 2 0 730 27 5 6 20 0 9 0 1000 1 2"
SMAPS = """\
7f0000000000-7f0000100000 r--s 00000000 08:01 77                         /models/a b/w.safetensors
Size:               1024 kB
Rss:                 600 kB
Anonymous:             0 kB
7f0000200000-7f0000300000 rw-p 00000000 08:01 77                         /models/a b/w.safetensors
Rss:                 100 kB
Anonymous:            40 kB
VmFlags: rd wr mr
7f0000400000-7f0000500000 rw-p 00000000 00:00 0
Rss:                 300 kB
Anonymous:           300 kB
7f0000600000-7f0000700000 r-xp 00000000 08:01 78                         /usr/lib/libc.so.6
Rss:                  50 kB
Anonymous:             0 kB
"""
WEIGHTS = {"/models/a b/w.safetensors"}


def test_user_and_system_time_are_added_whatever_the_name() -> None:
    assert parse_cpu_ticks(STAT) == 730 + 27


def test_memory_is_split_into_what_was_written_and_which_files_are_mapped() -> None:
    """A page of a weight file that was written to is a copy, and no longer the file's."""
    use = parse_memory_use(SMAPS, WEIGHTS)
    assert use.resident_bytes == 1050 * 1024
    assert use.anonymous_bytes == 340 * 1024
    assert use.weights_bytes == 660 * 1024


def test_this_process_is_measured() -> None:
    before_s = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) == before_s:
        pass
    use = memory_use(os.getpid(), ())
    assert use.resident_bytes > use.anonymous_bytes > 0 == use.weights_bytes


def test_a_process_that_is_gone_is_told() -> None:
    with pytest.raises(UnexpectedResultError, match="cannot be read"):
        cpu_seconds(2**30)


def test_files_count_by_where_links_lead(tmp_path: Path) -> None:
    """As in a hub's cache, where a model's folder holds links to blobs."""
    blob = tmp_path / "blob"
    blob.touch()
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "w.safetensors").symlink_to(blob)
    assert files_in(folder) == {str(blob.resolve())}
