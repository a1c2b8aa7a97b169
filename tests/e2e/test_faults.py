"""What goes wrong around a server and its engine, one thing at a time, while requests run.

After each: no edit is lost, the next suggestion is what the model says where nothing goes wrong,
memory stays bounded, and the user is told once. Somebody types at the end of a document; where
a request has to be in flight when something happens, the engine is stopped first.
"""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from completion.healing import held_back
from engine.client.remote import RESTART_NOTICE
from engine.protocol.endpoint import Endpoint, endpoint_for
from engine.weights.location import SNAPSHOT_VARIABLE
from tests.e2e.tiny_model import SETTINGS, Undisturbed, save_tiny_model, undisturbed
from tests.e2e.window import PATIENCE_S, Window, patience
from tests.unit.engine.serving import until
from warmline.analysis import analysis_environment

pytestmark = pytest.mark.e2e

MB = 2**20
A = "file:///project/a.txt"
TEXT = "some words here and there"


class Typist:
    """Somebody who types at the end of a document, on one line."""

    def __init__(self, window: Window, uri: str = A, text: str = TEXT) -> None:
        self.window, self.uri, self.text = window, uri, text
        self._version = 1
        window.open(uri, text, "python" if uri.endswith(".py") else "plaintext")

    def type(self, text: str) -> None:
        self._version += 1
        self.window.insert(self.uri, self._version, *self._end(), text)
        self.text += text

    async def complete(self) -> str:
        return "".join(await self.window.complete(self.uri, *self._end()))

    async def begin_to_complete(self) -> asyncio.Task[str]:
        """Ask, and return when the server has heard of it."""
        request = asyncio.create_task(self.complete())
        await asyncio.sleep(0)
        await self.window.ask("warmline/lastSuggestion", self.uri)
        return request

    async def complete_at_last(self) -> str:
        """Ask until there is something, at each change of the status."""
        while not (text := await self.complete()):
            await self.window.statuses.get()
        return text

    def _end(self) -> tuple[int, int]:
        """Return the line and the character."""
        return self.text.count("\n"), len(self.text) - self.text.rfind("\n") - 1

    @property
    def read_text(self) -> str:
        """What of the text is in a prompt: all but the word at its end."""
        return self.text.removesuffix(held_back(self.text, len(self.text)))

    async def cached_text(self) -> str:
        cache = await self.window.ask("warmline/cache", self.uri)
        return "".join(run.text for run in cache.runs)


class Scene:
    """One model, its engine, and windows on it."""

    def __init__(self, model: Path, command: Path, folder: Path) -> None:
        self.model = model
        self.endpoint: Endpoint = endpoint_for(str(model))
        self.windows: list[Window] = []
        self._command = command
        self._folder = folder

    def engine(self) -> psutil.Process:
        card = self.endpoint.read_card()
        assert card is not None
        return psutil.Process(card.pid)

    async def open_window(self, **settings: Any) -> Window:
        window = Window(self.model, **(SETTINGS | settings))
        async with asyncio.timeout(PATIENCE_S):
            await window.start(self._command, self._folder)
            self.windows.append(window)
            await window.until_ready()
        return window

    async def close(self) -> None:
        for window in self.windows:
            async with asyncio.timeout(PATIENCE_S):
                await window.stop()
        if self.endpoint.has_service():
            process = self.engine()
            process.kill()
            await until(lambda: not self.endpoint.has_service())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
async def scene(model: Path, warmline_command: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    folder = tmp_path / "project"
    folder.mkdir()
    copy = shutil.copytree(model, tmp_path / "model")
    scene = Scene(copy, warmline_command, folder)
    yield scene
    await scene.close()


@pytest.fixture
async def truth(scene: Scene) -> AsyncIterator[Undisturbed]:
    async with undisturbed(scene.model, "project") as truth:
        yield truth


def shown(window: Window) -> list[str]:
    return [message.message for message in window.client.messages]


async def check_all_is_well(typist: Typist, truth: Undisturbed) -> None:
    """No edit is lost, and the next suggestion is right, before and after one more edit."""
    for _ in range(2):
        while not (expected := await truth.says(typist.uri, typist.text)):
            typist.type(" so")
        assert await typist.complete_at_last() == expected
        typist.type(" now")
    await typist.complete()
    assert typist.read_text[-1000:] in await typist.cached_text()  # of a long one only the end


async def test_the_engine_is_killed(scene: Scene, truth: Undisturbed) -> None:
    window = await scene.open_window()
    typist = Typist(window)
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        engine.suspend()
        typist.type(" typed")
        request = await typist.begin_to_complete()
        engine.kill()
        typist.type(" on")
        assert await request == ""
        await check_all_is_well(typist, truth)
    assert shown(window) == [RESTART_NOTICE]


async def test_the_engine_is_stopped_and_goes_on(scene: Scene, truth: Undisturbed) -> None:
    """Meanwhile requests end when their time is up, and nothing piles up."""
    window = await scene.open_window(timeoutMs=3000)
    typist = Typist(window)
    server = psutil.Process(window.pid)
    async with patience():
        await check_all_is_well(typist, truth)
        scene.engine().suspend()
        bytes_before = server.memory_info().rss
        requests = []
        for number in range(200):
            typist.type(f" {number}")
            requests.append(await typist.begin_to_complete())
        assert set(await asyncio.gather(*requests)) == {""}
        assert server.memory_info().rss < bytes_before + 50 * MB
        reasons = [answer.reason for answer in (await status_of(window, scene)).empty_answers]
        assert reasons[-1] == "timed-out"
        await check_all_is_well(typist, truth)
    assert shown(window) == []


async def status_of(window: Window, scene: Scene) -> Any:
    """Ask while the engine is stopped; it goes on when the question is on its way."""
    question = asyncio.create_task(window.status())
    await window.ask("warmline/lastSuggestion", A)
    scene.engine().resume()
    return await question


async def test_the_socket_is_removed(scene: Scene, truth: Undisturbed) -> None:
    """As by something that tidies up. The engine is neither lost nor there twice."""
    first = await scene.open_window()
    typist = Typist(first)
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        scene.endpoint.socket_path.unlink()
        await check_all_is_well(typist, truth)
        second = await scene.open_window()
        await check_all_is_well(Typist(second), truth)
        assert (await second.status()).engine.pid == engine.pid
        await check_all_is_well(typist, truth)
    assert shown(first) == shown(second) == []


async def test_the_disk_is_full(
    scene: Scene, truth: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in for it is a limit: no file may grow beyond some bytes, logs included."""
    snapshots = tmp_path / "snapshots"
    monkeypatch.setenv(SNAPSHOT_VARIABLE, str(snapshots))
    window = await scene.open_window()
    typist = Typist(window)
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        for process in (engine, psutil.Process(window.pid)):
            process.rlimit(psutil.RLIMIT_FSIZE, (16, psutil.RLIM_INFINITY))
        typist.type(" on a full disk")
        await check_all_is_well(typist, truth)
        engine.terminate()
        await until(lambda: not engine.is_running())
        assert not any(path.stat().st_size for path in snapshots.glob("*"))
        psutil.Process(window.pid).rlimit(
            psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY)
        )
        await check_all_is_well(typist, truth)
    assert shown(window) == [RESTART_NOTICE]


async def test_the_model_file_is_truncated(scene: Scene, truth: Undisturbed) -> None:
    """Under the engine, and then for the next one, which says that it cannot read it."""
    window = await scene.open_window()
    typist = Typist(window)
    weights = scene.model / "model.safetensors"
    data = weights.read_bytes()
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        engine.suspend()
        typist.type(" typed")
        request = await typist.begin_to_complete()
        weights.write_bytes(data[: len(data) // 2])
        engine.resume()
        await request
        if is_alive(engine):  # it may have all it needs in memory
            engine.kill()
        while not any("model.safetensors is damaged" in message for message in shown(window)):
            assert await typist.complete() == ""
            typist.type(" on")
        assert await typist.complete() == ""
        weights.write_bytes(data)
        scene.engine().terminate()  # else it stays a while, to tell whoever asks
        await check_all_is_well(typist, truth)
    restarts = [message for message in shown(window) if message == RESTART_NOTICE]
    assert len(shown(window)) == 1 + len(restarts)
    assert len(restarts) <= 2


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def test_memory_runs_out(scene: Scene, truth: Undisturbed) -> None:
    """The engine gets hardly any more of it, so that it can read no more documents."""
    window = await scene.open_window(timeoutMs=20_000)
    typist = Typist(window)
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        limit = (engine.memory_info().vms + 8 * MB, psutil.RLIM_INFINITY)
        engine.rlimit(psutil.RLIMIT_AS, limit)
        typist.type(" typed")
        numbers, reasons = itertools.count(), set[str]()
        while is_alive(engine) and not reasons & {"engine-failed", "engine-unavailable"}:
            uri = f"file:///project/{next(numbers)}.txt"
            large = Typist(window, uri, "so many words " * 600)
            await large.complete()
            reasons = {answer.reason for answer in (await window.status()).empty_answers}
        if is_alive(engine):
            engine.rlimit(psutil.RLIMIT_AS, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        await check_all_is_well(typist, truth)
        await check_all_is_well(large, truth)
    assert shown(window) in ([], [RESTART_NOTICE])


async def test_two_hundred_documents_are_opened(scene: Scene, truth: Undisturbed) -> None:
    window = await scene.open_window(cacheBudgetMb=64)
    server = psutil.Process(window.pid)
    async with patience():
        first = Typist(window)
        await check_all_is_well(first, truth)
        bytes_before = server.memory_info().rss
        names = [f"file:///project/{number}.txt" for number in range(200)]
        typists = [Typist(window, name, f"{name} {TEXT * 20}") for name in names]
        for typist in typists:
            typist.type(" typed")
        some = typists[::10]
        answers = await asyncio.gather(*(typist.complete() for typist in some))
        for typist, answer in zip(some, answers, strict=True):
            # Where all that is under way does not fit into the budget, some have to ask again.
            assert answer in {"", await truth.says(typist.uri, typist.text)}
        status = await window.status()
        assert len(status.documents) == 201
        assert status.engine.cache_bytes <= status.engine.cache_budget_bytes
        assert server.memory_info().rss < bytes_before + 100 * MB
        for typist in (typists[0], typists[-1], first):
            await check_all_is_well(typist, truth)
    assert shown(window) == []


async def test_the_client_vanishes(scene: Scene, truth: Undisturbed) -> None:
    """In mid-request, with an engine that is stopped: its server leaves, others notice nothing."""
    staying, leaving = await scene.open_window(), await scene.open_window()
    typist = Typist(staying)
    async with patience():
        await check_all_is_well(typist, truth)
        engine = scene.engine()
        engine.suspend()
        request = await Typist(leaving).begin_to_complete()
        scene.windows.remove(leaving)
        server = psutil.Process(leaving.pid)
        leaving.vanish()
        await until(lambda: not is_alive(server))
        request.cancel()
        engine.resume()
        await check_all_is_well(typist, truth)
        while (await staying.status()).engine.num_clients > 1:  # noqa: ASYNC110 - it is not told
            await asyncio.sleep(0.05)
        await leaving.client.stop()
    assert shown(staying) == []


async def test_the_analysers_hang(scene: Scene, truth: Undisturbed) -> None:
    """It costs constraints, for the time that a suggestion may be held back, and no suggestion."""
    if not analysis_environment().is_ready():
        pytest.skip("the analysers are not installed: run `make analysers`")
    window = await scene.open_window(monitors=True)
    code = Typist(window, "file:///project/a.py", "import os\nos.")
    typist = Typist(window)
    async with patience():
        await check_all_is_well(typist, truth)
        while (await window.status()).monitors.phase != "running":
            await code.complete()
            await asyncio.sleep(0.1)
        children = psutil.Process(window.pid).children(recursive=True)
        analysers = [process for process in children if process.pid != scene.engine().pid]
        for process in analysers:
            process.suspend()
        for letter in "path":
            code.type(letter)
            await code.complete()
        await check_all_is_well(typist, truth)
        assert code.read_text in await code.cached_text()
    for process in analysers:
        with suppress(psutil.NoSuchProcess):
            process.kill()  # one that had only begun to start would stay
    assert shown(window) == []
