"""The server's own requests."""

import os

import pytest
from lsp_editor import Editor, ErrorAnswerError, at

from engine.errors import EngineUnavailableError, NotReadyError
from engine.protocol.messages import PROTOCOL_VERSION

A = "file:///a.py"
INVALID_PARAMS, REQUEST_FAILED = -32602, -32803


def about(uri: str) -> dict[str, dict[str, str]]:
    return {"textDocument": {"uri": uri}}


@pytest.fixture
async def answered(editor: Editor) -> Editor:
    await editor.initialize()
    editor.open(A, "x")
    await editor.inline(A, 0, 1)
    return editor


async def test_status_describes_server_and_engine(answered: Editor) -> None:
    await answered.inline("file:///unknown.py", 0, 0)
    status = await answered.ask("warmline/status", {})
    assert status["server"]["pid"] == os.getpid()
    assert status["server"]["protocol_version"] == PROTOCOL_VERSION
    assert status["state"]["phase"] == "ready"
    assert status["state"]["model"]["name"] == "tiny"
    assert status["engine"]["pid"] == 4321
    assert status["engine_error"] is None
    assert status["documents"] == [A]
    assert status["monitors"] == {"phase": "running", "message": "", "languages": []}
    assert status["repositories"] == [
        {
            "folder": "/home/me/project",
            "phase": "ready",
            "num_files": 2,
            "num_chunks": 3,
            "num_left_out": 1,
        }
    ]
    assert status["empty_answers"] == [
        {
            "uri": "file:///unknown.py",
            "reason": "unknown-document",
            "detail": "The document is not open; open it before asking.",
        }
    ]


async def test_status_before_there_is_an_engine_says_why(editor: Editor) -> None:
    editor.backend.problem = EngineUnavailableError("None can be started.")
    await editor.initialize()
    await editor.told("didChangeStatus", kind="Error")
    status = await editor.ask("warmline/status")
    assert (status["state"], status["engine"]) == (None, None)
    assert status["engine_error"] == "None can be started."


async def test_the_cache_is_drawn_as_json(answered: Editor) -> None:
    assert await answered.ask("warmline/cache", about(A)) == {
        "runs": [{"start": 0, "stop": 2, "origin": "kept", "is_exact": True, "text": "é\n"}],
        "exact_prefix": 2,
    }


async def test_a_cache_that_cannot_be_described_is_an_error_with_a_reason(
    answered: Editor,
) -> None:
    answered.backend.completer.reply = NotReadyError("The model is still loading.")
    with pytest.raises(ErrorAnswerError, match=r"^The model is still loading\.$") as caught:
        await answered.ask("warmline/cache", about(A))
    assert caught.value.code == REQUEST_FAILED
    await answered.settle()


async def test_the_last_suggestion_has_the_shape_of_the_command_line(answered: Editor) -> None:
    assert await answered.ask("warmline/lastSuggestion", about(A)) == {
        "text": "pass",
        "candidates": [{"text": "pass", "num_tokens": 3, "mean_logprob": -0.5, "confidence": 0.0}],
        "model": "tiny",
        "timings": {"sync_ms": 1.0, "first_token_ms": 2.0, "total_ms": 3.0, "search_ms": 0.0},
        "tokens": {
            "prompt": 10,
            "kept": 7,
            "moved": 2,
            "encoded": 1,
            "exact_prefix": 7,
            "generated": 3,
        },
        "decoding": {"tokens": 0, "passes": 0, "drafted": 0, "accepted": 0, "decode_ms": 0.0},
        "origin": "model",
        "monitors": {
            "vetoes": [],
            "num_sites": 0,
            "num_answered": 0,
            "is_constrained": False,
            "waited_ms": 0.0,
            "notes": [],
        },
        "reason": None,
        "detail": "",
    }


@pytest.mark.parametrize("method", ["warmline/cache", "warmline/lastSuggestion"])
async def test_what_is_not_known_is_null(answered: Editor, method: str) -> None:
    answered.open("file:///new.py", "")
    assert await answered.ask(method, about("file:///new.py")) is None
    assert await answered.ask(method, about("file:///unknown.py")) is None


@pytest.mark.parametrize("method", ["warmline/cache", "warmline/lastSuggestion"])
@pytest.mark.parametrize("params", [None, {}, [], {"textDocument": {"uri": 3}}])
async def test_wrong_parameters_are_refused(answered: Editor, method: str, params: object) -> None:
    with pytest.raises(ErrorAnswerError) as caught:
        await answered.ask(method, params)
    assert caught.value.code == INVALID_PARAMS


async def test_a_prompt_is_explained_at_a_position(answered: Editor) -> None:
    """Which counts as in every request, and is moved inside where it is not."""
    assert await answered.ask("warmline/explain", at(A, 0, 1)) == {"document": A, "offset": 1}
    assert await answered.ask("warmline/explain", at(A, 9, 9)) == {"document": A, "offset": 1}
    assert await answered.ask("warmline/explain", at("file:///unknown.py", 0, 0)) is None


@pytest.mark.parametrize(
    "position", [None, {}, {"line": 0}, {"line": -1, "character": 0}, {"line": "0", "character": 0}]
)
async def test_no_explanation_without_a_position(answered: Editor, position: object) -> None:
    with pytest.raises(ErrorAnswerError) as caught:
        await answered.ask("warmline/explain", about(A) | {"position": position})
    assert caught.value.code == INVALID_PARAMS


async def test_a_prompt_that_cannot_be_explained_is_an_error_with_a_reason(
    answered: Editor,
) -> None:
    answered.backend.completer.reply = NotReadyError("The model is still loading.")
    with pytest.raises(ErrorAnswerError, match=r"^The model is still loading\.$") as caught:
        await answered.ask("warmline/explain", at(A, 0, 0))
    assert caught.value.code == REQUEST_FAILED
