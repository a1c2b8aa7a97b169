"""What the packages of the corpus need beside themselves. `requirements.toml` says it."""

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from evaluation.corpus.catalogue import CorpusPackage
from evaluation.corpus.errors import CorpusError

_REGISTRIES = {"python": "python", "typescript": "npm"}


def requirements_of(package: CorpusPackage) -> tuple[str, ...]:
    """Return what is to be installed, the package itself first, each at one version.

    Raises:
        CorpusError: If nobody has written down what the package needs.
    """
    registry = _REGISTRIES.get(package.language)
    needed = _requirements().get(registry or "", {}).get(package.name)
    if needed is None:
        raise CorpusError(
            f"what {package.name} needs is not known; only packages in"
            " evaluation/members/requirements.toml can be analysed"
        )
    sign = "==" if registry == "python" else "@"
    return (f"{package.name}{sign}{package.latest.version}", *needed)


def identity_of(requirements: tuple[str, ...]) -> str:
    """Return a short hash of what is to be installed."""
    return hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]


@cache
def _requirements() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = files("evaluation.members").joinpath("requirements.toml").read_text("utf-8")
    return {
        registry: {name: tuple(needed) for name, needed in packages.items()}
        for registry, packages in tomllib.loads(text).items()
    }
