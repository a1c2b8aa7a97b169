"""Settings: names, values that are wrong, and the documents made from the dataclasses."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lsp_server.settings import (
    RESTRICTED_SETTINGS,
    Settings,
    describe_settings,
    editor_name,
    read_settings,
    section_of,
)
from lsp_server.settings_docs import json_schema_properties, markdown, restricted_configurations

ROOT = Path(__file__).parents[3]


def test_every_field_has_a_name_of_its_own_and_a_description() -> None:
    """Rooms share one flat list of names, so two rooms must not use the same."""
    descriptions = describe_settings()
    names = [description.name for description in descriptions]
    assert len(names) == len(set(names))
    assert all(d.source.metadata["description"].endswith(".") for d in descriptions)
    assert {d.room for d in descriptions} == {field.name for field in fields(Settings)}


def test_names_are_written_as_editors_write_them() -> None:
    assert editor_name("max_tokens") == "maxTokens"
    assert editor_name("model") == "model"


def test_values_reach_their_fields() -> None:
    settings, problems = read_settings(
        {"model": "/m", "maxTokens": 7, "enabled": False, "completionList": "never"}
    )
    assert problems == ()
    assert settings.engine.model == "/m"
    assert settings.completion.max_tokens == 7
    assert not settings.completion.enabled
    assert settings.editor.completion_list == "never"


def test_nothing_sent_means_the_defaults() -> None:
    assert read_settings({}) == (Settings(), ())
    assert read_settings({"maxTokens": None}) == (Settings(), ())


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("maxTokens", "many", "a whole number"),
        ("maxTokens", True, "a whole number"),
        ("maxTokens", 1.5, "a whole number"),
        ("maxTokens", 0, "at least 1"),
        ("invokedCandidates", 99, "at most 8"),
        ("enabled", 1, "true or false"),
        ("model", ["a"], "a text"),
        ("device", "tpu", "one of auto, cpu, cuda"),
        ("disabledLanguages", "markdown", "a list of texts"),
        ("disabledPaths", ["vendor/", 3], "a list of texts"),
        ("showThreshold", 101, "at most 100"),
    ],
)
def test_a_wrong_value_falls_back_and_is_named(name: str, value: Any, wanted: str) -> None:
    settings, problems = read_settings({name: value, "prefixTokens": 100})
    assert settings.completion.prefix_tokens == 100
    default, _ = read_settings({"prefixTokens": 100})
    assert settings == default
    (problem,) = problems
    assert problem.startswith(f"warmline.{name} is {value!r}, but {wanted} is wanted")


def test_lists_are_taken_and_stay_as_they_are() -> None:
    settings, problems = read_settings({"disabledLanguages": ["markdown", "plaintext"]})
    assert (settings.completion.disabled_languages, problems) == (("markdown", "plaintext"), ())
    listed = json_schema_properties()["warmline.disabledLanguages"]
    assert listed["type"] == "array"
    assert (listed["items"], listed["default"]) == ({"type": "string"}, [])


def test_an_unknown_name_is_named() -> None:
    settings, problems = read_settings({"maxTokns": 3})
    assert settings == Settings()
    assert problems == ("There is no setting warmline.maxTokns; it is ignored.",)


def test_names_that_editors_keep_for_themselves_are_no_mistake() -> None:
    sent = {"serverPath": "/bin/warmline", "trace": {"server": "off"}}
    assert read_settings(sent) == (Settings(), ())


@pytest.mark.parametrize(
    "sent", [{"warmline": {"maxTokens": 3}}, {"warmline.maxTokens": 3}, {"maxTokens": 3}]
)
def test_the_section_is_found_in_every_shape(sent: Any) -> None:
    assert section_of(sent) == {"maxTokens": 3}


@pytest.mark.parametrize("sent", [None, [], 3, "warmline"])
def test_what_is_no_object_holds_no_settings(sent: Any) -> None:
    assert section_of(sent) == {}


def test_the_settings_page_is_the_generated_one() -> None:
    """Mended with `python -m lsp_server.settings_docs > docs/settings.md`."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == markdown()


def test_properties_for_editors_carry_types_defaults_and_limits() -> None:
    properties = json_schema_properties()
    assert list(properties) == [f"warmline.{d.name}" for d in describe_settings()]
    assert properties["warmline.maxTokens"] == {
        "type": "integer",
        "default": 96,
        "scope": "window",
        "description": "Most tokens one suggestion may have.",
        "minimum": 1,
    }
    assert properties["warmline.device"]["enum"] == ["auto", "cpu", "cuda"]


def test_paths_are_restricted_in_workspaces_that_are_not_trusted() -> None:
    assert restricted_configurations() == [
        "warmline.model",
        "warmline.pythonInterpreter",
        "warmline.retrievalEncoder",
        "warmline.retriever",
    ]
    assert json_schema_properties()["warmline.model"]["scope"] == "machine-overridable"
    assert {d.name for d in describe_settings()} >= RESTRICTED_SETTINGS
