"""`warmline doctor`: what each check finds when something is amiss, and the verdict."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from completion import grammars
from engine.errors import EngineUnavailableError
from engine.protocol.messages import EngineState, EngineStatus, ModelDescription, Phase
from engine.settings import DEFAULT_MODEL, EngineSettings
from monitors.analysis.environment import AnalysisEnvironment
from warmline.checks import engine, installation, storage
from warmline.checks.analysers import check_analysers
from warmline.checks.engine import check_engine
from warmline.checks.finding import Finding, Verdict
from warmline.checks.installation import check_grammars, check_packages
from warmline.checks.storage import check_cache_folder, check_model_and_space
from warmline.commands import doctor
from warmline.main import main

MODEL = ModelDescription(
    name="tiny",
    model_type="llama",
    directory="/",
    context_tokens=8,
    vocabulary_size=8,
    storage_type="float32",
    device="cpu",
    can_rotate=True,
    rotation_note="",
)


@pytest.fixture
def cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("WARMLINE_CACHE", str(folder))
    return folder


@pytest.fixture
def runtime_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("WARMLINE_TRANSPORT", "unix")
    return folder


def test_a_package_that_is_missing_or_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["pytest>=9000", "no-such-package", "rich>=1", "absent; extra == 'dev'"]
    monkeypatch.setattr(installation, "requires", lambda _: wanted)
    finding = check_packages()
    assert finding.verdict is Verdict.BROKEN
    assert "wanted >=9000" in finding.found
    assert "no-such-package is missing" in finding.found
    assert "rich" not in finding.found
    assert "absent" not in finding.found


def test_a_grammar_that_does_not_load_costs_only_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_grammars().verdict is Verdict.WORKS
    monkeypatch.setitem(grammars.GRAMMARS, "klingon", ("tree_sitter_klingon", "language"))
    finding = check_grammars()
    assert finding.verdict is Verdict.WARNING
    assert finding.found == "cannot be loaded: klingon"
    assert not grammars.has_grammar("klingon")


@pytest.mark.usefixtures("cache_folder")
def test_analysers_that_are_missing_come_with_the_command_that_gets_them() -> None:
    finding = check_analysers()
    assert finding.verdict is Verdict.WARNING
    assert "warmline analysers install" in finding.advice


def test_analysers_that_are_there_are_named_by_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnalysisEnvironment, "is_ready", lambda _: True)
    finding = check_analysers()
    assert finding.verdict is Verdict.WORKS
    assert "python" in finding.found


def test_a_cache_folder_is_made_later(cache_folder: Path) -> None:
    assert check_cache_folder().verdict is Verdict.WORKS
    assert not cache_folder.exists()


def test_a_cache_folder_that_others_can_write_is_a_risk(cache_folder: Path) -> None:
    cache_folder.mkdir()
    cache_folder.chmod(0o777)
    finding = check_cache_folder()
    assert finding.verdict is Verdict.WARNING
    assert finding.advice == f"chmod go-w {cache_folder}"


def test_a_cache_folder_that_cannot_be_written_is_broken(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.os, "access", lambda *_: False)
    assert check_cache_folder().verdict is Verdict.BROKEN
    cache_folder.mkdir()
    assert check_cache_folder().verdict is Verdict.BROKEN


@pytest.mark.usefixtures("cache_folder")
def test_a_missing_model_comes_with_the_command_that_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And with a look at the room it will take."""
    monkeypatch.setattr(storage, "free_bytes", lambda _: 2_000_000_000)
    model, disk = check_model_and_space(DEFAULT_MODEL)
    assert model.verdict is Verdict.BROKEN
    assert f"warmline models pull {DEFAULT_MODEL}" in model.advice
    assert disk.verdict is Verdict.WARNING
    assert disk.found.startswith("2.0 GB free")


@pytest.mark.usefixtures("runtime_folder")
async def test_no_engine_is_started_by_looking() -> None:
    finding = await check_engine(EngineSettings(), may_start=False)
    assert finding.verdict is Verdict.WORKS
    assert "none runs" in finding.found


async def test_a_socket_left_behind_is_seen(runtime_folder: Path) -> None:
    launcher = engine.launcher_for(EngineSettings(), may_start=False)
    launcher.endpoint.socket_path.touch()
    assert launcher.endpoint.socket_path.is_relative_to(runtime_folder)
    finding = await check_engine(EngineSettings(), may_start=False)
    assert "left its socket behind" in finding.found


@pytest.mark.parametrize(
    ("state", "verdict", "found"),
    [
        (EngineState(Phase.READY, model=MODEL), Verdict.WORKS, "runs tiny as float32 on cpu"),
        (EngineState(Phase.LOADING), Verdict.WORKS, "is loading"),
        (EngineState(Phase.FAILED, message="No weights."), Verdict.BROKEN, "No weights."),
    ],
)
@pytest.mark.usefixtures("runtime_folder")
async def test_an_engine_is_judged_by_its_state(
    monkeypatch: pytest.MonkeyPatch, state: EngineState, verdict: Verdict, found: str
) -> None:
    async def ask(*_: object, wait: bool) -> EngineStatus:
        assert wait
        return EngineStatus(state, 7, 1.0, 1, (), 0, 0, 0)

    monkeypatch.setattr(engine, "_ask", ask)
    finding = await check_engine(EngineSettings(), may_start=True)
    assert finding.verdict is verdict
    assert found in finding.found


@pytest.mark.usefixtures("runtime_folder")
async def test_an_engine_that_cannot_be_reached_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(*_: object, wait: bool) -> EngineStatus:
        raise EngineUnavailableError(f"It does not answer ({wait}).")

    monkeypatch.setattr(engine, "_ask", ask)
    finding = await check_engine(EngineSettings(), may_start=True)
    assert (finding.verdict, finding.found) == (Verdict.BROKEN, "It does not answer (True).")


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.WORKS, 0), (Verdict.WARNING, 0), (Verdict.BROKEN, 1)]
)
def test_only_what_is_broken_fails(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: Verdict,
    code: int,
) -> None:
    finding = Finding("thing", verdict, "[found]", "do this")
    look: Callable[..., list[Finding]] = lambda *_, **__: [finding]  # noqa: E731 - a typed double
    monkeypatch.setattr(doctor, "_findings", look)
    assert main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {
        "works": code == 0,
        "findings": [
            {"subject": "thing", "verdict": verdict, "found": "[found]", "advice": "do this"}
        ],
    }
    assert main(["doctor"]) == code
    assert "[found]" in capsys.readouterr().out
