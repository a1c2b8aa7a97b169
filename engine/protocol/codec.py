"""Dataclasses to plain msgpack values and back, strictly by their declared types.

Nothing is guessed and nothing is ignored: a field that is missing, unknown or of another
type is a `WireError` that names it. Only fields marked `MAY_BE_MISSING` may be. Token
sequences travel as little-endian int32 bytes, members of a union as maps with their class
name under "type".
"""

import types
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.errors import WireError
from engine.protocol.messages import MAY_BE_MISSING
from engine.protocol.tokens import pack_tokens, unpack_tokens

TAG = "type"
_PLAIN = (bytes, str, int)  # of which there may be thousands, and which travel as they are
_KNOWN_FIELD_TYPES: dict[Any, dict[str, Any]] = {}
_Message = TypeVar("_Message")


def to_wire(declared: Any, value: Any) -> Any:
    """Turn `value` of the `declared` type into what msgpack carries."""
    if declared is Any or value is None:
        return value
    if get_origin(declared) in (tuple, Sequence):
        return _items_to_wire(declared, value)
    if _is_union(declared):
        return _union_to_wire(declared, value)
    if is_dataclass(declared):
        hints = _field_types(type(value))
        return {name: to_wire(hint, getattr(value, name)) for name, hint in hints.items()}
    return _plain_to_wire(declared, value)


def from_wire(declared: type[_Message], data: Any, where: str) -> _Message:
    """Build a value of the `declared` type from what msgpack delivered.

    Args:
        declared: A dataclass.
        data: Maps, lists and plain values.
        where: What is being read, for messages.

    Raises:
        WireError: If `data` is not exactly that; the message names the field.
    """
    return cast("_Message", _read(declared, data, where))


def union_from_wire(declared: Any, data: Any, where: str) -> Any:
    """Build a value of one of the dataclasses of a union; otherwise like `from_wire`."""
    return _read(declared, data, where)


def _read(declared: Any, data: Any, where: str) -> Any:
    if declared is Any:
        return data
    if _is_union(declared):
        return _read_union(declared, data, where)
    if get_origin(declared) in (tuple, Sequence):
        return _read_items(declared, data, where)
    if is_dataclass(declared):
        return _read_record(declared, _of_type(dict, data, where), where)
    if issubclass(declared, Enum):
        return _read_enum(declared, data, where)
    return _of_type(declared, data, where)


def _plain_to_wire(declared: Any, value: Any) -> Any:
    if issubclass(declared, Enum):
        return value.value
    return float(value) if declared is float else value


def _items_to_wire(declared: Any, items: Sequence[Any]) -> Any:
    if get_origin(declared) is Sequence:
        return pack_tokens(items)
    item_type = get_args(declared)[0]
    return list(items) if item_type in _PLAIN else [to_wire(item_type, item) for item in items]


def _read_items(declared: Any, data: Any, where: str) -> tuple[Any, ...]:
    if get_origin(declared) is Sequence:
        return tuple(unpack_tokens(_of_type(bytes, data, where), where).tolist())
    item_type = get_args(declared)[0]
    items = _of_type(list, data, where)
    if item_type in _PLAIN and all(type(item) is item_type for item in items):
        return tuple(items)
    return tuple(_read(item_type, item, f"{where}[{i}]") for i, item in enumerate(items))


def _of_type(wanted: Any, data: Any, where: str) -> Any:
    if type(data) is not wanted:  # not isinstance: a bool is no int here
        raise WireError(f"`{where}` is {type(data).__name__}, expected {wanted.__name__}.")
    return data


def _read_record(declared: Any, data: dict[Any, Any], where: str) -> Any:
    hints = _field_types(declared)
    if hints.keys() - data.keys():
        for field in fields(declared):
            if field.name not in data and MAY_BE_MISSING not in field.metadata:
                raise WireError(f"`{where}` lacks the field `{field.name}`.")
    for name in data:
        if name not in hints:
            raise WireError(f"`{where}` has an unknown field `{name}`.")
    return declared(
        **{name: _read(hints[name], each, f"{where}.{name}") for name, each in data.items()}
    )


def _read_enum(declared: type[Enum], data: Any, where: str) -> Enum:
    try:
        return declared(data)
    except ValueError:
        known = ", ".join(str(member.value) for member in declared)
        raise WireError(f"`{where}` is {data!r}, expected one of {known}.") from None


def _is_union(declared: Any) -> bool:
    return get_origin(declared) in (Union, types.UnionType)


def _union_to_wire(declared: Any, value: Any) -> Any:
    members = [member for member in get_args(declared) if member is not types.NoneType]
    if len(members) == 1:
        return to_wire(members[0], value)
    return {TAG: type(value).__name__, **to_wire(type(value), value)}


def _read_union(declared: Any, data: Any, where: str) -> Any:
    members = [member for member in get_args(declared) if member is not types.NoneType]
    if len(members) == 1:
        return None if data is None else _read(members[0], data, where)
    record = dict(_of_type(dict, data, where))
    tag = record.pop(TAG, None)
    for member in members:
        if member.__name__ == tag:
            return _read_record(member, record, where)
    known = ", ".join(member.__name__ for member in members)
    raise WireError(f"`{where}.{TAG}` is {tag!r}, expected one of {known}.")


def _field_types(declared: Any) -> dict[str, Any]:
    if declared not in _KNOWN_FIELD_TYPES:
        hints = get_type_hints(declared)
        _KNOWN_FIELD_TYPES[declared] = {f.name: hints[f.name] for f in fields(declared)}
    return _KNOWN_FIELD_TYPES[declared]
