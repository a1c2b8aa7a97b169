"""Documentation and editor manifests of the settings, made from the dataclasses.

`python -m lsp_server.settings_docs` prints `docs/settings.md`; with `--vscode MANIFEST` it prints
the VS Code extension's `package.json` with the settings as they are now.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lsp_server.settings import (
    RESTRICTED_SETTINGS,
    SECTION,
    TEXTS,
    SettingDescription,
    describe_settings,
)

_JSON_TYPES: dict[object, str] = {bool: "boolean", int: "integer", str: "string", TEXTS: "array"}

_HEADINGS = {
    "engine": ("The model and its engine", "A change of one of these reaches another engine."),
    "completion": ("Suggestions", "A change counts from the next keystroke on."),
    "editor": ("The editor", "How suggestions are shown."),
}

_INTRODUCTION = """\
# Settings

Every setting has a flat name. Editors send them in `initializationOptions`, as answers to
`workspace/configuration` (section `warmline`) or with `workspace/didChangeConfiguration`. A value
that cannot be used is reported in the log, and the default counts instead.

This page is generated: `python -m lsp_server.settings_docs > docs/settings.md`.
"""


def markdown() -> str:
    """Return the text of `docs/settings.md`."""
    return _INTRODUCTION + "".join(_room(room) for room in _HEADINGS)


def json_schema_properties(room: str | None = None) -> dict[str, Any]:
    """Return the settings (of one room, or all) as properties of a JSON schema, by full name."""
    return {
        f"{SECTION}.{description.name}": _property(description)
        for description in describe_settings()
        if room in (None, description.room)
    }


def vscode_manifest(text: str) -> str:
    """Return the text of a VS Code manifest with the settings as they are now.

    Its first section of settings, those that only the extension reads, stays as it is.
    """
    manifest = json.loads(text)
    own_section = manifest["contributes"]["configuration"][0]
    manifest["contributes"]["configuration"] = [
        own_section,
        *(
            {"title": title, "properties": json_schema_properties(room)}
            for room, (title, _) in _HEADINGS.items()
        ),
    ]
    restricted = sorted([*restricted_configurations(), *own_section["properties"]])
    manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = restricted
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def restricted_configurations() -> list[str]:
    """Return the full names of settings that an untrusted workspace must not choose."""
    return sorted(f"{SECTION}.{name}" for name in RESTRICTED_SETTINGS)


def _room(room: str) -> str:
    title, note = _HEADINGS[room]
    rows = [_row(description) for description in describe_settings() if description.room == room]
    table = ["| setting | type | default | meaning |", "|---|---|---|---|", *rows]
    return f"\n## {title}\n\n{note}\n\n" + "\n".join(table) + "\n"


def _row(description: SettingDescription) -> str:
    kind = _JSON_TYPES[description.kind]
    default = _json_literal(description.source.default)
    meaning = " ".join([description.source.metadata["description"], *_limits(description)])
    return f"| `{SECTION}.{description.name}` | {kind} | `{default}` | {meaning} |"


def _limits(description: SettingDescription) -> Iterator[str]:
    metadata = description.source.metadata
    if "enum" in metadata:
        yield "One of " + ", ".join(f"`{choice}`" for choice in metadata["enum"]) + "."
    if "minimum" in metadata:
        yield f"At least {metadata['minimum']}."
    if "maximum" in metadata:
        yield f"At most {metadata['maximum']}."


def _property(description: SettingDescription) -> dict[str, Any]:
    is_list = description.kind == TEXTS
    default: Any = description.source.default
    return {
        "type": _JSON_TYPES[description.kind],
        **({"items": {"type": "string"}} if is_list else {}),
        "default": list(default) if is_list else default,
        "scope": "machine-overridable" if description.name in RESTRICTED_SETTINGS else "window",
        **description.source.metadata,
    }


def _json_literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | tuple) else str(value)


def _main() -> str:
    parser = argparse.ArgumentParser(description="Print what is generated from the settings.")
    help_text = "print this package.json, brought up to date"
    parser.add_argument("--vscode", metavar="MANIFEST", type=Path, help=help_text)
    manifest: Path | None = parser.parse_args().vscode
    return vscode_manifest(manifest.read_text("utf-8")) if manifest else markdown()


if __name__ == "__main__":
    sys.stdout.write(_main())
