"""Small packages of code that nobody wrote, so that cases can be made without a network."""

import random

from evaluation.corpus.catalogue import ArchiveKind, CorpusPackage, Release
from evaluation.corpus.fetching import PackageSource

SHA256 = "0" * 64
_WORDS = (
    ("order", "ticket", "parcel"),
    ("invoice", "customer", "ledger"),
    ("market", "signal", "harbour"),
)
"""Of one file each, so that every file has names that no other one has."""


def made_up_package(
    name: str = "made-up", *, seed: int = 0, num_files: int = 3, num_functions: int = 30
) -> PackageSource:
    """Return two releases of Python code; the later one has a new line in some functions."""
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - nothing is kept secret
    previous, latest = {}, {}
    for number in range(num_files):
        functions = [_function(number, index, chance) for index in range(num_functions)]
        path = f"{name.replace('-', '_')}/part_{number}.py"
        previous[path] = "".join(functions)
        latest[path] = "".join(
            function.replace("\n\n\n", f"\n    total += {index}  # since 2.0\n\n\n")
            if index % 4 == 1
            else function
            for index, function in enumerate(functions)
        )
    package = made_up_entry(name)
    return PackageSource(package, {"2.0": latest, "1.0": previous})


def made_up_entry(name: str, archive: ArchiveKind = ArchiveKind.WHEEL) -> CorpusPackage:
    language = {"wheel": "python", "source": "rust", "npm": "typescript"}[archive]
    return CorpusPackage(
        name,
        language,
        archive,
        "MIT",
        latest=Release("2.0", "2026-02-01", SHA256),
        previous=Release("1.0", "2026-01-01", SHA256),
    )


def _function(number: int, index: int, chance: random.Random) -> str:
    noun, other = chance.sample(_WORDS[number], 2)
    return (
        f"def count_{noun}_{number}_{index}({noun}_list, {other}_limit):\n"
        f'    """Count every {noun} that costs less than the {other}."""\n'
        f"    total = {chance.randrange(100)}\n"
        f"    for {noun} in {noun}_list:\n"
        f"        # {chance.random()}\n"
        f"        if {noun}.price_{index} < {other}_limit:\n"
        f"            total += {noun}.amount_{chance.randrange(50)}\n"
        f"    {noun}_list.clear()\n"
        "\n\n"
    )
