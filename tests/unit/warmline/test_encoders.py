"""A transformer behind the engine, asked from threads: every failure is an `EncoderError`."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from completion.settings import CompletionSettings
from engine.errors import EngineError, EngineUnavailableError
from engine.protocol.messages import Encoding, EncodingRequest
from retrieval.cosine_ranker import CosineRanker
from retrieval.errors import EncoderError
from retrieval.ranker import LearnedRanker
from retrieval.types import Chunk, Ranker
from warmline.encoders.choice import chosen_second_stage
from warmline.encoders.remote import RemoteEncoder


class FakeEngine:
    """Encodes a text as its length and its number in the request; may fail or say nothing."""

    def __init__(self, error: EngineError | None = None, *, is_silent: bool = False) -> None:
        self.error = error
        self.is_silent = is_silent
        self.requests: list[EncodingRequest] = []
        self.was_cancelled = asyncio.Event()

    async def encode(self, request: EncodingRequest) -> Encoding:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        if self.is_silent:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.was_cancelled.set()
                raise
        numbers = [(len(text), at) for at, text in enumerate(request.texts)]
        return Encoding(2, np.array(numbers, "<f4").tobytes())


def remote(engine: FakeEngine, wait_s: float = 10.0) -> RemoteEncoder:
    loop = asyncio.get_running_loop()
    return RemoteEncoder(engine, loop, "tiny", "identity", wait_s)  # type: ignore[arg-type]


async def test_queries_keep_their_end_and_chunks_their_beginning() -> None:
    engine = FakeEngine()
    encoder = remote(engine)
    vectors = await asyncio.to_thread(encoder.encode_queries, ["x" * 9000 + "end"])
    assert vectors.tolist() == [[8192.0, 0.0]]
    await asyncio.to_thread(encoder.encode_chunks, [Chunk("a/b.py", 3, "text", 0.0)])
    query, chunk = engine.requests
    assert query.texts[0].endswith("xend")
    assert query.keeps_end
    assert chunk == EncodingRequest("tiny", ("a/b.py\ntext",), keeps_end=False)


async def test_more_texts_than_one_request_may_have_go_in_several() -> None:
    engine = FakeEngine()
    texts = ["x" * (number % 7) for number in range(600)]
    vectors = await asyncio.to_thread(remote(engine).encode_queries, texts)
    assert [len(request.texts) for request in engine.requests] == [512, 88]
    assert vectors[:, 0].tolist() == [len(text) for text in texts]


async def test_no_texts_have_no_vectors() -> None:
    assert (await asyncio.to_thread(remote(FakeEngine()).encode_chunks, [])).shape == (0, 2)


async def test_an_engine_that_fails_gives_no_vectors() -> None:
    encoder = remote(FakeEngine(EngineUnavailableError("The engine is gone.")))
    with pytest.raises(EncoderError, match=r"The engine is gone\."):
        await asyncio.to_thread(encoder.encode_queries, ["x"])


async def test_a_silent_engine_is_not_waited_for_long_and_the_work_ends() -> None:
    engine = FakeEngine(is_silent=True)
    with pytest.raises(EncoderError, match=r"no vectors of 1 texts within 0\.05 s"):
        await asyncio.to_thread(remote(engine, wait_s=0.05).encode_queries, ["x"])
    async with asyncio.timeout(10):
        await engine.was_cancelled.wait()


def test_a_session_that_has_ended_gives_no_vectors() -> None:
    async def make() -> RemoteEncoder:
        return remote(FakeEngine())

    encoder = asyncio.run(make())
    with pytest.raises(EncoderError, match="has ended"):
        encoder.encode_queries(["x"])


@pytest.fixture
def choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ranker]:
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path / "cache"))
    loop = asyncio.new_event_loop()
    loop.close()

    def choose(name: str) -> Ranker:
        settings = CompletionSettings(retrieval_encoder=name)
        return chosen_second_stage(settings, FakeEngine(), loop)  # type: ignore[arg-type]

    return choose


def test_the_hashed_encoder_needs_nothing(choose: Callable[..., Ranker]) -> None:
    assert isinstance(choose("hashed"), LearnedRanker)


def test_an_encoder_that_is_not_here_costs_a_sentence(
    choose: Callable[..., Ranker], caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(choose("all-minilm-l6-v2"), LearnedRanker)
    assert "run `warmline models pull all-minilm-l6-v2`" in caplog.text


def test_a_folder_is_known_by_its_content(
    choose: Callable[..., CosineRanker], tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    sizes = dict.fromkeys(("num_hidden_layers", "hidden_size", "num_attention_heads"), 1)
    config = {"model_type": "bert", "max_position_embeddings": 8, **sizes}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    first = choose(str(folder)).identity
    assert choose(str(folder)).identity == first
    (folder / "model.safetensors").write_bytes(b"other!!")
    assert choose(str(folder)).identity != first
