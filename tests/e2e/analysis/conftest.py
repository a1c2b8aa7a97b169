"""A project, and an analysis host of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.weights.location import cache_directory
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from tests.e2e.analysis.shop import MODULE, PRICES, TIMING


@pytest.fixture(scope="session")
def environment() -> AnalysisEnvironment:
    environment = AnalysisEnvironment(cache_directory() / "analysers")
    if not environment.is_ready():
        pytest.skip("the analysers are not installed: run `make analysers`")
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "prices.py").write_text(PRICES)
    (folder / "shop" / "lazy.py").write_text(
        "from nowhere import a\n__getattr__ = a()\nknown = 1\n"
    )
    (folder / "shop" / "orders.py").write_text(MODULE.replace("|", "pass"))
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages" / "thirdparty"
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text("def third_function(): ...\nthird_value: int = 3\n")
    (packages / "py.typed").touch()
    # An interpreter that must not be run: it would leave a trace.
    (folder / ".venv" / "bin").mkdir()
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\ntouch {folder}/was-run\n")
    python.chmod(0o755)
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    return folder


@pytest.fixture
async def analyser(environment: AnalysisEnvironment, project: Path) -> AsyncIterator[HostAnalyser]:
    launch = InstalledHost(environment, progress=lambda _line: None)
    analyser = HostAnalyser(launch, [project], timing=TIMING)
    yield analyser
    await analyser.aclose()
