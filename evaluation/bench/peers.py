"""Who can be compared with on this machine."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

PACKAGES = {
    "transformers": "transformers",
    "llamacpp": "llama-cpp-python",
    "llama-server": "xllamacpp",
}
"""The package of each peer."""

LLAMA_ARMS = ("llamacpp", "llama-server")
"""The peers that need a GGUF file."""

_ADVICE = "`make bench-peers` installs it, or pip with the extra `bench`"


def installed_version(arm: str) -> str | None:
    """Return the version of a peer's package, or None if it is not installed."""
    try:
        return version(PACKAGES[arm])
    except PackageNotFoundError:
        return None


def present_arms(arms: Sequence[str]) -> tuple[str, ...]:
    """Return those that can run here; Warmline's own always can."""
    return tuple(arm for arm in arms if arm not in PACKAGES or installed_version(arm))


def peer_notes(arms: Sequence[str]) -> list[str]:
    """Say of each peer which version takes part, or why it does not."""
    return [_note(arm) for arm in arms if arm in PACKAGES]


def _note(arm: str) -> str:
    found = installed_version(arm)
    if found is None:
        return f"{arm} is not measured: {PACKAGES[arm]} is not installed; {_ADVICE}."
    return f"{arm}: {PACKAGES[arm]} {found}."
