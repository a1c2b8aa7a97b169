"""Monitors change nothing that is allowed, and nothing but what is forbidden.

On a tiny model with random weights in float32, whose every word counts as a name.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, Suggestion
from engine.decoding.generate import decode
from engine.decoding.vocabulary import Vocabulary
from engine.model.loader import load_model
from engine.protocol.messages import GenerationEvent, GenerationRequest, Phase, Piece
from engine.service.host import EngineHost
from engine.service.local import LocalEngine
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings
from monitors.types import Answer, Site, SiteKind, Source
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.completion.guided import FakeMonitors
from tests.unit.engine.families import SMALL, make_transformers_model

NAME, TEXT = "file:///project/a.py", "def add(left, right):\n    return "
SETTINGS = CompletionSettings(
    max_tokens=16,
    context_tokens=0,
    prepare_on_open=False,
    prepare_next=False,
    reuse_suggestions=False,
    analysis_timeout_ms=60_000,
)
WAIT_S = 30.0
WORD = re.compile(r"[A-Za-z_]+|\Z")


def pieces_of_code(num_tokens: int) -> list[bytes]:
    """Return what each token says: words, parts of words, and signs before, after and between."""
    syllables = [first + second for first in "bdfghjklmnprstvwxz" for second in "aeiouy"]
    shapes = ("{}", " {}", "{}.", ".{}", "_{}(", ") + {}", "{}.{}")
    return [
        shapes[token % len(shapes)].format(*2 * [syllables[token % len(syllables)]]).encode()
        for token in range(num_tokens)
    ]


@dataclass
class WordWatch:
    """Every word that is written is a name, unless something stands before it on its line."""

    before: str
    words: frozenset[str]
    waits_for: asyncio.Event | None

    def sites(self, written: str) -> Sequence[Site]:
        text = self.before + written
        return [
            Site(SiteKind.MEMBER, each.start(), each[0], each.end() < len(text))
            for each in WORD.finditer(text, len(self.before))
        ]

    async def ask(self, site: Site, written: str) -> Answer:  # noqa: ARG002 -- not needed here
        if self.waits_for:
            await self.waits_for.wait()
        return Answer(site, self.words, "words", 1.0)


@dataclass
class WordMonitors(FakeMonitors):
    """Knows the same words everywhere."""

    words: frozenset[str] = frozenset()
    waits_for: asyncio.Event | None = None

    def watch(self, source: Source, offset: int) -> WordWatch:  # type: ignore[override]
        return WordWatch(source.text[:offset], self.words, self.waits_for)


@dataclass
class CountingEngine(LocalEngine):
    """Remembers what it is asked, and what it says."""

    host: EngineHost
    requests: list[GenerationRequest] = field(default_factory=list)
    written: defaultdict[int, bytes] = field(default_factory=lambda: defaultdict(bytes))
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__(self.host)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        self.requests.append(request)
        async for event in super().generate(request):
            if isinstance(event, Piece):
                self.written[event.candidate] += event.text
                self.has_begun.set()
            yield event


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder: Path = tmp_path_factory.mktemp("tiny")
    tokenizer = small_tokenizer()
    size = tokenizer.get_vocab_size()
    make_transformers_model("qwen2", SMALL | {"vocab_size": size}).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = EngineSettings(
        device="cpu", storage_type="float32", decode_weights="full", threads=1
    )
    controls = [token for token in range(size) if tokenizer.id_to_token(token).startswith("<|")]
    vocabulary = Vocabulary(pieces_of_code(size), controls)
    return LoadedModel(
        load_model(folder, "tiny", settings),
        lambda cache, request, checkpoint: decode(cache, request, vocabulary, checkpoint),
    )


@pytest.fixture
async def engine(model: LoadedModel) -> AsyncIterator[CountingEngine]:
    host = EngineHost(lambda _progress: model, cache_budget_bytes=100_000_000)
    host.start()
    assert (await host.life.wait_settled(WAIT_S)).phase is Phase.READY
    yield CountingEngine(host)
    assert await host.stop(WAIT_S)


async def suggestion(
    engine: LocalEngine, monitors: FakeMonitors | None, num_candidates: int = 1
) -> Suggestion:
    completer = Completer(engine, SETTINGS, "project", monitors=monitors, pause_s=0.0)
    completer.open(Document(NAME, "python", 1, TEXT))
    answer = await completer.complete(NAME, len(TEXT), CompletionOptions(num_candidates))
    await completer.aclose()
    return answer


def words_in(text: str) -> list[str]:
    return [each for each in WORD.findall(text) if each]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("num_candidates", [1, 3])
async def test_what_is_allowed_is_the_same_to_the_last_digit(
    engine: CountingEngine, num_candidates: int, *, is_late: bool
) -> None:
    plain = await suggestion(engine, None, num_candidates)
    written = b" ".join(engine.written.values()).decode()
    assert len(words_in(written)) > 2
    everything = {*words_in(written), "more", "than", "that"}
    engine.requests.clear()
    engine.has_begun.clear()
    waits_for = engine.has_begun if is_late else None
    monitors = WordMonitors(words=frozenset(everything), waits_for=waits_for)
    guarded = await suggestion(engine, monitors, num_candidates)
    assert guarded.candidates == plain.candidates
    assert guarded.num_generated == plain.num_generated
    assert len(engine.requests) == 1


async def test_only_the_rest_is_written_anew(engine: CountingEngine) -> None:
    """Up to the name that is forbidden it is what it was, and from there it is what may be."""
    plain = await suggestion(engine, None)
    words = words_in(plain.text)
    forbidden = next(word for word in words[1:] if words.count(word) == 1)
    allowed = frozenset(words) - {forbidden} | {"bubu", "kaka"}
    guarded = await suggestion(engine, WordMonitors(words=allowed))
    before = plain.text[: plain.text.index(forbidden)]
    assert guarded.text.startswith(before.rstrip())
    assert set(words_in(guarded.text)) <= allowed
    assert [veto.name for veto in guarded.guidance.vetoes]
    (candidate,) = guarded.candidates
    assert candidate.num_tokens <= SETTINGS.max_tokens


async def test_it_is_one_text_whether_the_answer_comes_early_or_late(
    engine: CountingEngine,
) -> None:
    monitors = WordMonitors(words=frozenset({"bubu", "kaka"}))
    early = await suggestion(engine, monitors)
    assert early.guidance.is_constrained
    engine.has_begun.clear()
    late = await suggestion(engine, replace(monitors, waits_for=engine.has_begun))
    assert not late.guidance.is_constrained
    assert late.guidance.vetoes
    assert late.candidates == early.candidates
    assert set(words_in(early.text)) <= monitors.words
