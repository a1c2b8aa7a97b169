"""The VS Code extension offers settings as the server knows them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_server.settings_docs import vscode_manifest
from warmline.languages import PLAIN_TEXT, language_of

EXTENSION = Path(__file__).parents[2] / "vscode-extension"
MANIFEST = EXTENSION / "package.json"
READ_BY_THE_EXTENSION = "warmline.serverPath"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def test_the_manifest_is_what_is_generated_from_the_settings() -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    assert text == vscode_manifest(text), (
        "run: python -m lsp_server.settings_docs --vscode vscode-extension/package.json"
    )


def test_an_untrusted_workspace_chooses_no_paths(manifest: dict[str, Any]) -> None:
    workspaces = manifest["capabilities"]["untrustedWorkspaces"]
    assert workspaces["supported"] == "limited"
    assert {
        "warmline.model",
        "warmline.pythonInterpreter",
        "warmline.retrievalEncoder",
        "warmline.retriever",
        READ_BY_THE_EXTENSION,
    } == set(workspaces["restrictedConfigurations"])
    own_section = manifest["contributes"]["configuration"][0]["properties"]
    assert own_section[READ_BY_THE_EXTENSION]["scope"] == "machine"


def test_a_server_that_reads_files_from_disk_is_refused_where_there_is_no_disk(
    manifest: dict[str, Any],
) -> None:
    assert manifest["extensionKind"] == ["workspace"]
    assert manifest["capabilities"]["virtualWorkspaces"]["supported"] is False
    assert "browser" not in manifest


@pytest.mark.parametrize("name", ["a.py", "a.ts", "a.tsx", "a.go", "a.rs", "a.java", "a.cpp"])
def test_the_extension_starts_with_the_first_file_in_a_language(
    manifest: dict[str, Any], name: str
) -> None:
    language = language_of(Path(name))
    assert language != PLAIN_TEXT
    assert f"onLanguage:{language}" in manifest["activationEvents"]
    assert "onStartupFinished" not in manifest["activationEvents"]
