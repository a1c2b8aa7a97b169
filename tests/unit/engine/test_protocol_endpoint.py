"""Where a service is found: same facts, same place; private; short enough for a socket."""

import os
import stat
from pathlib import Path

import pytest

from engine.errors import EngineUnavailableError
from engine.protocol.endpoint import (
    MAX_SOCKET_PATH_BYTES,
    ServiceCard,
    Transport,
    canonical_model,
    endpoint_for,
    file_lock,
)


def test_the_same_facts_lead_to_the_same_place(tmp_path: Path) -> None:
    first, second = (endpoint_for("m", tmp_path, Transport.UNIX) for _ in range(2))
    assert first == second


def test_model_transport_and_version_lead_elsewhere(tmp_path: Path) -> None:
    names = {
        endpoint_for("m", tmp_path, Transport.UNIX).name,
        endpoint_for("n", tmp_path, Transport.UNIX).name,
        endpoint_for("m", tmp_path, Transport.TCP).name,
        endpoint_for("m", tmp_path, Transport.UNIX, protocol=999).name,
    }
    assert len(names) == 4


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    endpoint_for("m", folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """It may be one that others have to reach, such as a home folder or /etc."""
    tmp_path.chmod(0o755)
    endpoint_for("m", tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o1777, 0o775])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(EngineUnavailableError, match="others may write"):
        endpoint_for("m", tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineUnavailableError, match="WARMLINE_RUNTIME_DIR"):
        endpoint_for("m", tmp_path / "run")


def test_a_long_folder_gets_a_short_stand_in(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    place = endpoint_for("m", folder, Transport.UNIX)
    other = endpoint_for("m", tmp_path / ("y" * 100), Transport.UNIX)
    try:
        assert len(os.fsencode(place.socket_path)) <= MAX_SOCKET_PATH_BYTES
        assert place.folder != other.folder
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    finally:
        place.folder.rmdir()
        other.folder.rmdir()


def test_the_environment_chooses_folder_and_transport(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(tmp_path / "r"))
    monkeypatch.setenv("WARMLINE_TRANSPORT", "tcp")
    place = endpoint_for("m")
    assert (place.folder, place.transport) == (tmp_path / "r", Transport.TCP)
    monkeypatch.setenv("WARMLINE_TRANSPORT", "pigeon")
    with pytest.raises(EngineUnavailableError, match="'pigeon', expected unix or tcp"):
        endpoint_for("m")


def test_without_a_login_session_there_is_still_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMLINE_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert endpoint_for("m").folder.is_dir()


def test_a_path_counts_by_where_it_leads_and_a_bare_word_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qwen").mkdir()
    assert canonical_model("qwen") == "qwen"
    assert canonical_model("./qwen") == str(tmp_path / "qwen")
    assert canonical_model("m.gguf") == str(tmp_path / "m.gguf")


def test_the_card_is_private_and_read_back(tmp_path: Path) -> None:
    place = endpoint_for("m", tmp_path)
    assert place.read_card() is None
    place.write_card(ServiceCard(1, 2, "t"))
    assert place.read_card() == ServiceCard(1, 2, "t")
    assert stat.S_IMODE(place.card_path.stat().st_mode) == 0o600
    place.card_path.write_text('{"pid": 1, "surprise": 2}')
    assert place.read_card() is None


def test_a_service_is_there_while_it_holds_its_lock(tmp_path: Path) -> None:
    place = endpoint_for("m", tmp_path)
    assert not place.has_service()
    with file_lock(place.service_lock_path):
        assert place.has_service()
    assert not place.has_service()


def test_asking_leaves_no_lock_behind(tmp_path: Path) -> None:
    """Also where a service was killed, or leaves while it is asked for."""
    place = endpoint_for("model", tmp_path)
    place.service_lock_path.touch()
    assert not place.has_service()
    assert not place.service_lock_path.exists()
    with file_lock(place.service_lock_path):
        assert place.has_service()
        assert place.service_lock_path.exists()
