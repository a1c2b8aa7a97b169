"""The VS Code extension offers settings as the server knows them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_server.settings import RESTRICTED_SETTINGS
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


@pytest.mark.parametrize("name", sorted(RESTRICTED_SETTINGS))
def test_a_path_that_is_restricted_belongs_to_the_machine(
    manifest: dict[str, Any], name: str
) -> None:
    sections = manifest["contributes"]["configuration"]
    properties = {key: value for each in sections for key, value in each["properties"].items()}
    assert properties[f"warmline.{name}"]["scope"] == "machine-overridable"


def test_the_extension_runs_where_the_files_are(manifest: dict[str, Any]) -> None:
    """Over SSH, in WSL and in containers that is the remote side; a second side is not offered."""
    assert manifest["extensionKind"] == ["workspace"]


def test_a_server_that_reads_files_from_disk_is_refused_where_there_is_no_disk(
    manifest: dict[str, Any],
) -> None:
    virtual = manifest["capabilities"]["virtualWorkspaces"]
    assert virtual == {"supported": False, "description": "The server reads files from disk."}


def test_a_browser_alone_is_not_offered_what_it_cannot_run(manifest: dict[str, Any]) -> None:
    """Without a `browser` entry VS Code for the Web has it only with a remote side."""
    assert "browser" not in manifest
    assert manifest["main"] == "./dist/extension.js"


def test_the_readme_says_where_the_extension_runs_and_where_not() -> None:
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("## Where it runs")
    section, _, _ = rest.partition("\n## ")
    for place in ("SSH", "WSL", "container", "code-server", "vscode.dev", "virtual", "not trusted"):
        assert place in section, place


@pytest.mark.parametrize("name", ["a.py", "a.ts", "a.tsx", "a.go", "a.rs", "a.java", "a.cpp"])
def test_the_extension_starts_with_the_first_file_in_a_language(
    manifest: dict[str, Any], name: str
) -> None:
    language = language_of(Path(name))
    assert language != PLAIN_TEXT
    assert f"onLanguage:{language}" in manifest["activationEvents"]
    assert "onStartupFinished" not in manifest["activationEvents"]
