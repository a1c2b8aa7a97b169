"""Folders that come and go beside a running host, and documents that are in none yet."""

from pathlib import Path

import pytest

from completion.document import Document
from completion.guidance.paths import DocumentPaths
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.types import Source
from tests.e2e.analysis.shop import TIMING, own, processes

pytestmark = pytest.mark.e2e


def with_package(folder: Path, package: str) -> Path:
    """Make a project with a virtual environment that has one package."""
    packages = folder / ".venv" / "lib" / "python3.11" / "site-packages" / package
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text(f"class Thing:\n    of_{package}: int\n")
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    return folder


async def test_folders_that_come_and_go_bring_and_take_their_environments(
    environment: AnalysisEnvironment, tmp_path: Path
) -> None:
    one, two = (with_package(tmp_path / name, name) for name in ("one", "two"))
    launch = InstalledHost(environment, progress=lambda _line: None)
    analyser = HostAnalyser(launch, [one], timing=TIMING)

    async def members_of(folder: Path, package: str) -> set[str]:
        text = f"import {package}\nthing = {package}.Thing()\nthing."
        return own(await analyser.members(Source(folder / "a.py", "python", text), len(text)))

    try:
        assert await members_of(one, "one") == {"of_one"}
        before = await processes(analyser)
        analyser.use_folders([one, two])
        assert await members_of(two, "two") == {"of_two"}
        assert await members_of(two, "one") == set()
        assert await members_of(one, "one") == {"of_one"}
        analyser.use_folders([two])
        assert await members_of(two, "two") == {"of_two"}
        assert await processes(analyser) == before, "nothing was started anew"
    finally:
        await analyser.aclose()


async def test_a_document_that_was_never_saved_sees_its_folder(
    analyser: HostAnalyser, project: Path
) -> None:
    text = "from shop.prices import Price\nfrom thirdparty import |\n\nPrice()."
    document = Document("untitled:Untitled-1", "python", 1, text.replace("|", ""))
    path = DocumentPaths([project]).of(document)
    assert path is not None
    unsaved = Source(path, "python", document.text)
    analyser.open(unsaved)
    assert own(await analyser.members(unsaved, len(document.text))) == {"cents", "currency"}
    names = await analyser.importable(unsaved, text.index("|"))
    assert own(names) == {"third_function", "third_value"}
    assert not path.exists()
