"""Python, the installed packages, and whether they work."""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from completion.grammars import GRAMMARS, has_grammar
from warmline.checks.finding import Finding, Verdict

OLDEST_PYTHON = (3, 11)

_REINSTALL = "install again with `make setup`, or pip"


def check_python() -> Finding:
    """Look at the interpreter that runs this."""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", Verdict.BROKEN, found, "install Python 3.11 or newer")
    return Finding("Python", Verdict.WORKS, found)


def check_packages() -> Finding:
    """Compare what is installed with what the project asks for."""
    try:
        wanted = [Requirement(line) for line in requires("warmline") or ()]
    except PackageNotFoundError:
        return Finding("packages", Verdict.WARNING, "Warmline runs without being installed")
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    problems = [problem for one in needed if (problem := _problem_with(one))]
    if problems:
        return Finding("packages", Verdict.BROKEN, "; ".join(problems), _REINSTALL)
    return Finding("packages", Verdict.WORKS, f"all {len(needed)} as wanted")


def _problem_with(wanted: Requirement) -> str | None:
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(found, prereleases=True):
        return None
    return f"{wanted.name} is {found}, wanted {wanted.specifier}"


def check_torch() -> Iterator[Finding]:
    """Load torch and ask what it can do on this machine."""
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:  # OSError: one of its libraries cannot be loaded
        yield Finding("torch", Verdict.BROKEN, f"cannot be loaded: {error}", _REINSTALL)
        return
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    threads = f"{torch.get_num_threads()} threads"
    capability = torch.backends.cpu.get_cpu_capability()
    yield Finding("torch", Verdict.WORKS, f"{torch.__version__}, {device}, {threads}, {capability}")
    # Not public, but the one answer that torch itself goes by when it multiplies matrices.
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001
        yield Finding("bfloat16", Verdict.WORKS, "the processor multiplies it directly")
    else:
        advice = "nothing to do: float32 is used, with twice the memory"
        yield Finding("bfloat16", Verdict.WARNING, "slow on this processor", advice)


def check_grammars() -> Finding:
    """Load the grammar of every language that has one."""
    broken = [language for language in GRAMMARS if not has_grammar(language)]
    if broken:
        found = f"cannot be loaded: {', '.join(broken)}"
        return Finding("grammars", Verdict.WARNING, found, _REINSTALL)
    return Finding("grammars", Verdict.WORKS, f"all {len(GRAMMARS)} load")
