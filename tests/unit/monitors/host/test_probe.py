"""A made-up name where one is asked for."""

from pathlib import Path

import pytest

from monitors.host.analysers import Document
from monitors.host.probe import PROBE, with_probe


@pytest.mark.parametrize(
    ("text", "offset", "probed"),
    [
        ("a.\nb()", 2, f"a.{PROBE}\nb()"),
        ("a.some(1)", 2, f"a.{PROBE}(1)"),
        ("a.$some9 = 1", 2, f"a.{PROBE} = 1"),
        ("a.größe;", 2, f"a.{PROBE};"),
        ("a.", 2, f"a.{PROBE}"),
    ],
)
def test_it_takes_the_place_of_the_name_that_stands_there(
    text: str, offset: int, probed: str
) -> None:
    document = Document(Path("/p/a.ts"), "typescript", text)
    assert with_probe(document, offset).text == probed
