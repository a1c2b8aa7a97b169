"""Messages and frames on the wire: whole and unchanged, or an error that names the field."""

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import errors
from engine.errors import EngineError, SupersededError, VersionMismatchError, WireError
from engine.protocol import frames
from engine.protocol.calls import GenerateCall, Hello, Inspection, Nothing, SyncCall, Welcome
from engine.protocol.codec import from_wire, to_wire, union_from_wire
from engine.protocol.failures import error_of, failure_of
from engine.protocol.frames import (
    Failure,
    Frame,
    Notification,
    Reply,
    Request,
    StreamEvent,
    decode_frame,
    encode_frame,
)
from engine.protocol.messages import (
    CacheMap,
    CacheRun,
    Decoded,
    DecodeReport,
    EngineState,
    EngineStatus,
    Finished,
    FinishReason,
    GenerationEvent,
    Phase,
    Piece,
    Sampling,
    Synced,
    SyncReport,
    TokenRange,
)
from engine.protocol.tokens import SplicedTokens, WholeTokens
from tests.unit.engine.doubles import DESCRIPTION

REPORT = SyncReport(10, 5, 3, 2, 4, 1.5)
STATE = EngineState(Phase.READY, 1.0, "Ready.", DESCRIPTION)
SPLICE = SplicedTokens(2, 1, 0, 1, b"\1\0\0\0", 99)


@pytest.mark.parametrize(
    "message",
    [
        REPORT,
        STATE,
        EngineState(Phase.LOADING, 0.5, "Lädt."),
        EngineStatus(STATE, 1, 2.0, 3, ("a", "b"), 4, 5, 6, ()),
        Inspection(None),
        Inspection(CacheMap("a", (1, 2), (CacheRun(0, 2, "kept", True),), 1, 20, REPORT)),
        SyncCall("a", WholeTokens(1, b"\1\0\0\0"), 0, (TokenRange(0, 1),)),
        GenerateCall(
            "a",
            SPLICE,
            0,
            9,
            (b"\n", b"\xff"),
            2,
            Sampling(0.7, 0.9, 3),
            b"x",
            (b"count", "größe".encode(), b"\xff", b""),
            (TokenRange(3, 5), TokenRange(5, 8)),
            drafts=False,
            is_ahead=False,
        ),
        GenerateCall(
            "a", SPLICE, 0, 9, (), 1, Sampling(), b"x", (), (), drafts=True, is_ahead=True
        ),
        Hello(1, "s", "test"),
        Welcome(1, 2, STATE),
        Nothing(),
    ],
)
def test_a_message_arrives_as_it_was(message: Any) -> None:
    packed = msgpack.packb(to_wire(type(message), message))
    assert from_wire(type(message), msgpack.unpackb(packed), "m") == message


@pytest.mark.parametrize(
    "event",
    [
        Synced(REPORT),
        Decoded(DecodeReport(9, 4, 8, 5, 1.5)),
        Piece(1, (7, 8), b"\xe2\x82", -0.25),
        Finished(0, FinishReason.STOP),
    ],
)
def test_an_event_arrives_as_the_kind_it_was(event: GenerationEvent) -> None:
    assert union_from_wire(GenerationEvent, to_wire(GenerationEvent, event), "event") == event


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"protocol": 1, "session": "s"}, "lacks the field `client`"),
        ({"protocol": 1, "session": "s", "client": "c", "x": 1}, "unknown field `x`"),
        ({"protocol": "1", "session": "s", "client": "c"}, "`hello.protocol` is str"),
        ({"protocol": True, "session": "s", "client": "c"}, "`hello.protocol` is bool"),
        ([], "`hello` is list, expected dict"),
    ],
)
def test_a_wrong_field_is_named(data: object, words: str) -> None:
    with pytest.raises(WireError, match=words):
        from_wire(Hello, data, "hello")


def test_a_wrong_field_deep_inside_is_named_with_its_path() -> None:
    data = to_wire(Welcome, Welcome(1, 2, STATE))
    data["state"]["model"]["context_tokens"] = None
    with pytest.raises(WireError, match=r"`hello\.state\.model\.context_tokens` is NoneType"):
        from_wire(Welcome, data, "hello")


def test_wrong_kinds_are_named_with_the_right_ones() -> None:
    with pytest.raises(WireError, match=r"`e\.type` is 'Other', expected one of Synced, Decoded"):
        union_from_wire(GenerationEvent, {"type": "Other"}, "e")
    with pytest.raises(WireError, match=r"`state\.phase` is 'asleep', expected one of starting"):
        from_wire(EngineState, {**to_wire(EngineState, STATE), "phase": "asleep"}, "state")


@pytest.mark.parametrize(
    "frame",
    [
        Request(1, "sync", {"a": [1, b"x"]}),
        Notification("state", {}),
        StreamEvent(2, {"type": "Synced"}),
        Reply(3, None),
        Failure(4, "WireError", "No."),
    ],
)
def test_a_frame_arrives_as_it_was(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(st.binary(max_size=200))
def test_noise_is_a_wire_error_and_nothing_else(noise: bytes) -> None:
    try:
        decode_frame(noise)
    except WireError:
        return
    pytest.fail("noise passed for a frame")


def test_a_text_message_and_a_nested_bomb_are_wire_errors() -> None:
    with pytest.raises(WireError, match="binary"):
        decode_frame("{}")
    with pytest.raises(WireError, match="not msgpack"):
        decode_frame(b"\x91" * 100_000)


def test_a_frame_too_large_is_refused_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 100)
    with pytest.raises(WireError, match=r"A Request of .* bytes cannot be sent; .* 100"):
        encode_frame(Request(1, "sync", {"tokens": bytes(100)}))


def test_every_error_of_the_engine_crosses_the_wire_by_its_name() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert VersionMismatchError in kinds
    for kind in kinds:
        error = error_of(failure_of(1, kind("Why.")))
        assert type(error) is kind
        assert str(error) == "Why."


def test_errors_of_other_kinds_arrive_as_engine_errors(caplog: pytest.LogCaptureFixture) -> None:
    class LocalError(SupersededError):
        pass

    assert type(error_of(failure_of(1, LocalError("Why.")))) is EngineError
    failure = failure_of(1, ZeroDivisionError("by zero"))
    assert "ZeroDivisionError: by zero" in str(error_of(failure))
    assert "failed inside" in caplog.text


def test_a_status_of_an_engine_that_counts_less_is_read() -> None:
    data = to_wire(EngineStatus, EngineStatus(STATE, 1, 2.0, 3, (), 4, 5, 6))
    del data["chunk_bytes"], data["num_jobs"]
    status = from_wire(EngineStatus, data, "status")
    assert (status.chunk_bytes, status.num_jobs) == (0, 0)
