"""What a user may change, read from what an editor sends.

The frozen dataclasses are the only schema. An editor knows every field by a flat name in the
style of its own settings: `max_tokens` is `warmline.maxTokens`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, get_type_hints

from completion.settings import CompletionSettings
from engine.settings import EngineSettings

SECTION = "warmline"
TEXTS = tuple[str, ...]
"""The kind of a setting that is a list of texts."""

RESTRICTED_SETTINGS = frozenset({"model", "retriever", "retrievalEncoder", "pythonInterpreter"})
"""Names of settings that hold paths, which an untrusted workspace must not choose."""

_READ_BY_THE_EDITOR = frozenset({"serverPath", "trace"})
"""Names in the same section that editors keep for themselves and send all the same."""


@dataclass(frozen=True, slots=True)
class EditorSettings:
    """How suggestions reach the editor. Read-only."""

    invoked_candidates: int = field(
        default=3,
        metadata={
            "description": "Suggestions to choose from when one is asked for explicitly.",
            "minimum": 1,
            "maximum": 8,
        },
    )
    completion_list: str = field(
        default="auto",
        metadata={
            "description": (
                "Offer suggestions in the ordinary completion list: auto means only to editors "
                "that cannot show them inline. Read when the server starts."
            ),
            "enum": ["auto", "always", "never"],
        },
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user may change, room by room."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    editor: EditorSettings = field(default_factory=EditorSettings)


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting as an editor knows it."""

    name: str  # without the section, e.g. "maxTokens"
    room: str  # field of `Settings` it belongs to
    kind: object  # of its values: bool, int, str, or a tuple of str
    source: Field[Any]


def describe_settings() -> tuple[SettingDescription, ...]:
    """Return every setting, in the order of the dataclasses."""
    return tuple(_descriptions())


def _descriptions() -> Iterator[SettingDescription]:
    for room, room_type in get_type_hints(Settings).items():
        kinds = get_type_hints(room_type)
        for source in fields(room_type):
            yield SettingDescription(editor_name(source.name), room, kinds[source.name], source)


def editor_name(field_name: str) -> str:
    """Return the name under which an editor knows a field: `max_tokens` is `maxTokens`."""
    first, *rest = field_name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def read_settings(values: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Read settings from what an editor sent, see `section_of`.

    Returns:
        The settings, and a sentence for each value that was not taken. Its field has its
        default then. A null means the same as no value.
    """
    known = {description.name: description for description in describe_settings()}
    chosen: dict[str, dict[str, Any]] = {room.name: {} for room in fields(Settings)}
    problems = []
    for name, value in values.items():
        if name in _READ_BY_THE_EDITOR:
            continue
        if name not in known:
            problems.append(f"There is no setting {SECTION}.{name}; it is ignored.")
        elif problem := _problem(known[name], value):
            problems.append(problem)
        elif value is not None:
            chosen[known[name].room][known[name].source.name] = _frozen(value)
    settings = Settings(
        EngineSettings(**chosen["engine"]),
        CompletionSettings(**chosen["completion"]),
        EditorSettings(**chosen["editor"]),
    )
    return settings, tuple(problems)


def section_of(sent: Any) -> dict[str, Any]:
    """Return the part of what an editor sent that is for this server, by plain names.

    Taken are an object with a `warmline` object in it, an object with names such as
    `warmline.maxTokens`, and an object with the plain names themselves.
    """
    if not isinstance(sent, Mapping):
        return {}
    if isinstance(inner := sent.get(SECTION), Mapping):
        return dict(inner)
    return {name.removeprefix(SECTION + "."): value for name, value in sent.items()}


def _problem(description: SettingDescription, value: Any) -> str | None:
    if value is None or not (wanted := _unmet(description, value)):
        return None
    default = description.source.default
    return (
        f"{SECTION}.{description.name} is {value!r}, but {wanted} is wanted; "
        f"its default {default!r} is used."
    )


def _unmet(description: SettingDescription, value: Any) -> str | None:
    """Say what the value should have been, or None when it is right."""
    metadata = description.source.metadata
    if not _is_of_kind(value, description.kind):
        return _NOUNS[description.kind]
    if "enum" in metadata and value not in metadata["enum"]:
        return "one of " + ", ".join(metadata["enum"])
    if "minimum" in metadata and value < metadata["minimum"]:
        return f"at least {metadata['minimum']}"
    if "maximum" in metadata and value > metadata["maximum"]:
        return f"at most {metadata['maximum']}"
    return None


def _is_of_kind(value: Any, kind: object) -> bool:
    if kind == TEXTS:
        return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    # bool is a subclass of int, but `true` is no number of tokens.
    return type(value) is kind


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_NOUNS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    str: "a text",
    TEXTS: "a list of texts",
}
