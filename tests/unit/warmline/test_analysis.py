"""Monitors joined to a session: what is said where the analysers are missing, and what is asked."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from completion.settings import CompletionSettings
from engine.settings import EngineSettings
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace
from monitors.analysis.errors import SetUpError
from monitors.types import Site, SiteKind, Source
from warmline import analysis, composition
from warmline.analysis import Analysis

SOURCE = Source(Path("/project/a.py"), "python", "x = 1\nx.\n")
SITE = Site(SiteKind.MEMBER, 8, "", is_ended=False, receiver="x")


class Host:
    """An `InstalledHost` that is not installed, and fails to be so or takes for ever."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails
        self.num_installs = 0
        self.is_asked = asyncio.Event()

    def is_ready(self) -> bool:
        return False

    async def command(self) -> Sequence[str]:
        self.num_installs += 1
        self.is_asked.set()
        if self._fails:
            raise SetUpError("There is no network.")
        await asyncio.Event().wait()
        return ()


def analysis_on(
    monkeypatch: pytest.MonkeyPatch, host: Host, *, may_install: bool = True
) -> tuple[Analysis, list[str]]:
    monkeypatch.setattr(analysis, "InstalledHost", lambda *_: host)
    made, heard = Analysis((), "", may_install=may_install), list[str]()
    made.on_notice(heard.append)
    return made, heard


async def test_what_is_missing_is_installed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it, and nothing is forbidden until it is there."""
    host = Host()
    made, heard = analysis_on(monkeypatch, host)
    made.monitors.open(SOURCE)
    await host.is_asked.wait()
    assert heard == [analysis._INSTALLING]
    watch = made.monitors.watch(SOURCE, 8)
    assert watch is not None
    answer = await watch.ask(SITE, "")
    assert not answer.texts
    assert "installing" in answer.reason
    assert (await made.status())["phase"] == "installing"
    await made.monitors.aclose()


async def test_who_has_no_time_installs_nothing_and_says_how_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host()
    made, heard = analysis_on(monkeypatch, host, may_install=False)
    has_heard = asyncio.Event()
    made.on_notice(lambda _: has_heard.set())
    watch = made.monitors.watch(SOURCE, 8)
    assert watch is not None
    assert not (await watch.ask(SITE, "")).texts
    async with asyncio.timeout(10):
        await has_heard.wait()
    assert heard == [analysis._MISSING]
    assert "warmline analysers install" in heard[0]
    assert host.num_installs == 0
    await made.monitors.aclose()


async def test_an_installation_that_fails_again_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(fails=True)
    monkeypatch.setattr(analysis, "InstalledHost", lambda *_: host)
    heard: list[str] = []
    launch = analysis._Launch(heard.append, may_install=True)
    for _ in range(2):
        with pytest.raises(SetUpError):
            await launch.command()
    assert heard == [analysis._INSTALLING]
    assert host.num_installs == 2


async def test_a_session_has_monitors_unless_they_are_turned_off(tmp_path: Path) -> None:
    workspace = Workspace("project", (tmp_path,))
    for monitors in (True, False):
        settings = CompletionSettings(monitors=monitors, context_tokens=0)
        session = composition.join(EngineSettings(), settings, workspace, "test")
        assert (session.analysis is not None) is monitors
        await session.completer.aclose()
        await session.engine.aclose()


@pytest.mark.parametrize("offline", [False, True])
def test_nothing_is_installed_where_downloads_are_forbidden(
    monkeypatch: pytest.MonkeyPatch, *, offline: bool
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(composition, "join", lambda *_, may_install: seen.append(may_install))
    settings = Settings(engine=EngineSettings(offline=offline))
    composition.join_window(settings, Workspace())
    assert seen == [not offline]
