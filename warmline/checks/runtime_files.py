"""What stands in the folder where engines meet their clients."""

import os
from collections.abc import Iterator
from pathlib import Path

from engine.protocol.endpoint import Endpoint, endpoint_for
from engine.protocol.messages import PROTOCOL_VERSION
from warmline.checks.finding import Finding
from warmline.checks.problems import Problem

_VERSIONS_AHEAD = 5


def strangers(endpoint: Endpoint) -> list[Path]:
    """Return what stands where an engine's files belong and cannot be replaced by them."""
    places = (
        endpoint.socket_path,
        endpoint.card_path,
        endpoint.service_lock_path,
        endpoint.start_lock_path,
    )
    return [place for place in places if _is_strange(place)]


def check_other_engines(model: str) -> Iterator[Finding]:
    """Look for engines of the same model that speak another version of the protocol.

    Newer ones are looked for a few versions ahead, since nobody can know how many there are.
    """
    for protocol in range(1, PROTOCOL_VERSION + _VERSIONS_AHEAD + 1):
        other = endpoint_for(model, protocol=protocol)
        if protocol == PROTOCOL_VERSION or strangers(other) or not other.has_service():
            continue
        card = other.read_card()
        pid = card.pid if card else "unknown"
        found = f"process {pid} speaks protocol {protocol}, this Warmline {PROTOCOL_VERSION}"
        yield Problem.ENGINE_VERSION.finding(found, pid=pid)


def _is_strange(place: Path) -> bool:
    if place.is_symlink() or not place.exists():
        return place.is_symlink()
    return place.is_dir() or (os.name == "posix" and place.lstat().st_uid != os.getuid())
