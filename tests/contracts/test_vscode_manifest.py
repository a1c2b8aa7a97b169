"""The VS Code extension offers settings as the server knows them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_server.settings_docs import json_schema_properties, restricted_configurations

MANIFEST = Path(__file__).parents[2] / "vscode-extension" / "package.json"
READ_BY_THE_EXTENSION = "warmline.serverPath"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def test_offered_settings_are_as_the_server_describes_them(manifest: dict[str, Any]) -> None:
    offered = dict(manifest["contributes"]["configuration"]["properties"])
    del offered[READ_BY_THE_EXTENSION]
    known = json_schema_properties()
    for name, schema in offered.items():
        assert schema == known[name], name


def test_an_untrusted_workspace_chooses_no_paths(manifest: dict[str, Any]) -> None:
    workspaces = manifest["capabilities"]["untrustedWorkspaces"]
    offered = manifest["contributes"]["configuration"]["properties"]
    restricted = {name for name in restricted_configurations() if name in offered}
    assert workspaces["supported"] == "limited"
    assert set(workspaces["restrictedConfigurations"]) == restricted | {READ_BY_THE_EXTENSION}
    assert offered[READ_BY_THE_EXTENSION]["scope"] == "machine"
