"""What other files say gets into the prompt, at once or at a pause, and never in the way."""

import asyncio
import logging
from dataclasses import replace

import pytest

from completion.completer import Completer
from completion.context.explanation import STAYS
from completion.context.keeper import NO_REPOSITORY, OFF
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import EmptyReason
from engine.protocol.messages import ModelDescription
from retrieval.types import Chunk, Considered, Retrieval
from tests.unit.completion.fakes import FakeEngine, Script, completer_on, says, typed
from tests.unit.completion.repositories import Broken, FakeRepositories, Fixed, Gate

TEXT = "from fruit import peel\n\nslice = peel("
NAME = "file:///project/kitchen.py"
OPENED = Document(NAME, "python", 1, TEXT)
FRUIT = "def peel(banana):\n    return banana.without_skin()\n"
TREES = "def climb(tree):\n    return tree.top()\n"


@pytest.fixture
async def engine(model: ModelDescription) -> FakeEngine:
    engine = FakeEngine.ready(model)
    engine.script = says("banana)")
    return engine


@pytest.fixture
async def repositories() -> FakeRepositories:
    repositories = FakeRepositories()
    repositories.index.replace("fruit.py", FRUIT)
    repositories.index.replace("trees.py", TREES)
    return repositories


@pytest.fixture
def short_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("completion.context.explanation.PAUSE_TIMEOUT_S", 0.01)


def start(
    engine: FakeEngine, repositories: FakeRepositories, document: Document = OPENED, **settings: int
) -> Completer:
    settings = {"context_pause_ms": 60_000, "prepare_next": False, **settings}
    return completer_on(engine, document, repositories=repositories, **settings)


def prompts(engine: FakeEngine) -> list[str]:
    tokenizer = engine.tokenizer
    return [tokenizer.decode(tokens, skip_special_tokens=False) for _, tokens, _ in engine.syncs]


def asked(engine: FakeEngine) -> str:
    """Return the prompt of the last request."""
    return engine.tokenizer.decode(engine.requests[-1].tokens, skip_special_tokens=False)


async def test_a_name_from_another_file_is_in_the_prompt_of_the_first_request(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """Under its path, with the repository's tokens, before the document."""
    completer = start(engine, repositories, prepare_on_open=False)
    suggestion = await completer.complete(NAME, len(TEXT))
    assert suggestion.text == "banana)"
    assert suggestion.timings.search_ms > 0
    prompt = asked(engine)
    assert "<|file_sep|>fruit.py\ndef peel(banana):" in prompt
    assert prompt.index("without_skin") < prompt.index("kitchen.py") < prompt.index("slice")
    assert repositories.asked[0].path == "kitchen.py"
    assert repositories.asked[0].offset == len(TEXT)


async def test_a_document_is_read_with_its_chunks_as_soon_as_it_is_opened(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    start(engine, repositories)
    await engine.until(lambda: bool(engine.syncs))
    assert "without_skin" in prompts(engine)[0]


async def test_with_no_tokens_to_spend_nothing_is_searched(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories, context_tokens=0)
    assert (await completer.complete(NAME, len(TEXT))).timings.search_ms == 0
    assert "fruit.py" not in asked(engine)
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert (explanation.note, explanation.chunks) == (OFF, ())
    assert repositories.asked == []


async def test_the_front_of_the_prompt_stays_still_while_somebody_types(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """Whatever happens to the other file: no search comes between keystrokes."""
    completer = start(engine, repositories)
    await completer.complete(NAME, len(TEXT))
    first = asked(engine)
    repositories.index.remove("fruit.py")
    document = OPENED
    for character in "ripe":
        document = typed(document, len(document.text), character)
        completer.change(document, len(document.text))
        await completer.complete(NAME, len(document.text))
    assert asked(engine).startswith(first[: first.index("slice")])
    assert len(repositories.asked) == 1


async def test_at_a_pause_a_better_set_is_taken_up_and_told_to_the_engine(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories, context_pause_ms=0)
    await completer.complete(NAME, len(TEXT))
    text = TEXT + "banana)\n\n\ntree.top().climb(tree"
    completer.change(Document(NAME, "python", 2, text), len(text))
    await engine.until(lambda: any("def climb" in prompt for prompt in prompts(engine)))
    (tokens, places), *_ = [ahead for ahead in engine.read_ahead if ahead[1]]
    read = [engine.tokenizer.decode(tokens[each.start : each.stop]) for each in places]
    assert f"trees.py\n{TREES}" in read  # before the prompt has it
    assert engine.synced_chunks == places


async def test_at_a_pause_what_is_about_as_good_stays(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories, context_pause_ms=0)
    fruit, trees = Chunk("fruit.py", 0, FRUIT, 2.0), Chunk("trees.py", 0, TREES, 2.1)
    both = (Considered(trees, 2.1), Considered(fruit, 2.0, left_out="one chunk is enough"))
    repositories.retriever = Fixed(
        Retrieval((fruit,), (Considered(fruit, 2.0),), ""), Retrieval((trees,), both, "")
    )
    await engine.until(lambda: bool(engine.syncs))
    await repositories.until(lambda: len(repositories.asked) > 1)
    await completer.complete(NAME, len(TEXT))
    assert "fruit.py" in asked(engine)
    assert "trees.py" not in asked(engine)
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert explanation.note == STAYS
    assert [chunk.path for chunk in explanation.chunks] == ["fruit.py"]
    (other,) = explanation.left_out
    assert (other.path, other.left_out) == ("trees.py", "what the prompt has is about as good")


async def test_what_may_not_be_quoted_any_more_goes_at_the_next_pause(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """Though what is left is no better than what was there."""
    repositories.index.replace("kiwi.py", "def peel(kiwi): ...  # a fruit\n")
    completer = start(engine, repositories, context_pause_ms=0)
    await engine.until(lambda: "kiwi.py" in "".join(prompts(engine)))
    repositories.ignored.add("kiwi.py")
    repositories.index.remove("kiwi.py")
    completer.change(typed(OPENED, len(TEXT), "x"), len(TEXT) + 1)
    await engine.until(lambda: "kiwi" not in prompts(engine)[-1])
    assert "fruit.py" in prompts(engine)[-1]


async def test_no_search_ends_a_request_that_is_under_way(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """The sync that follows a search would be newer work in the engine."""
    engine.script = Script(stops_after=0)
    completer = start(engine, repositories, context_pause_ms=0, timeout_ms=500)
    repositories.retriever = Fixed(
        Retrieval((), (), ""), Retrieval((Chunk("trees.py", 0, TREES, 2.0),), (), "")
    )
    suggestion = await completer.complete(NAME, len(TEXT))
    assert suggestion.reason is EmptyReason.TIMED_OUT


async def test_a_search_at_a_pause_comes_after_the_first_one(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """Which needs no margin: the later of two at once would have the last word."""
    gate = repositories.retriever = Gate()
    start(engine, repositories, context_pause_ms=0)
    await repositories.until(lambda: len(repositories.asked) == 1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(repositories.asked) == 1
    gate.is_open.set()
    await repositories.until(lambda: len(repositories.asked) == 2)


@pytest.mark.usefixtures("short_searches")
@pytest.mark.parametrize(
    ("retriever", "note"),
    [
        (Broken(RuntimeError("no index")), "failed: RuntimeError('no index')"),
        (Broken(), "took longer than"),
    ],
)
async def test_a_broken_search_costs_the_chunks_and_not_the_suggestion(
    engine: FakeEngine,
    repositories: FakeRepositories,
    caplog: pytest.LogCaptureFixture,
    retriever: Broken,
    note: str,
) -> None:
    """And is told once in the log, and whenever somebody asks."""
    repositories.retriever = retriever
    completer = start(engine, repositories, context_timeout_ms=10, prepare_on_open=False)
    with caplog.at_level(logging.WARNING):
        assert (await completer.complete(NAME, len(TEXT))).text == "banana)"
        explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert note in explanation.note
    assert explanation.chunks == ()
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert note in warnings[0].getMessage()


async def test_a_failure_at_a_pause_leaves_the_chunks_where_they_are(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories)
    await completer.complete(NAME, len(TEXT))
    repositories.retriever = Broken(OSError("disk"))
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert [chunk.path for chunk in explanation.chunks] == ["fruit.py"]
    assert "failed" in explanation.note


async def test_a_place_edited_in_another_document_is_quoted(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    """As soon as it is edited, unsaved, and not where an ignore file names it."""
    repositories.retriever = Fixed(Retrieval((), (), TEXT))
    completer = start(engine, repositories, prepare_on_open=False)
    other = Document("file:///project/peeler.py", "python", 1, "# a tool\n")
    completer.open(other)
    completer.change(other.edited(0, 0, "peel = slice(fruit)\n", 2), 0)
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    (chunk,) = explanation.chunks
    assert (chunk.path, chunk.line, chunk.origin) == ("peeler.py", 1, "recent-edit")
    assert chunk.text == "peel = slice(fruit)\n# a tool\n"
    repositories.ignored.add("peeler.py")
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert (explanation.chunks, explanation.left_out) == ((), ())


async def test_secrets_never_get_into_the_prompt(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    repositories.index.replace("settings.py", "peel = fruit\npassword = 'hR7!kq9Zp2Lx0w'\n")
    repositories.index.replace(".env", "fruit=peel slice kitchen")
    completer = start(engine, repositories)
    await completer.complete(NAME, len(TEXT))
    assert "hR7!kq9Zp2Lx0w" not in asked(engine)
    assert "slice kitchen" not in asked(engine)
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    told = {chunk.path: (chunk.left_out, chunk.text) for chunk in explanation.left_out}
    assert told["settings.py"] == ("it holds a password or key", "")
    assert told[".env"] == ("the file is one for secrets", "")


async def test_an_explanation_accounts_for_every_token(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories)
    await completer.complete(NAME, len(TEXT))
    explanation = await completer.explain(NAME, len(TEXT))
    assert explanation is not None
    assert explanation.prompt_tokens == len(engine.requests[-1].tokens)
    assert sum(part.tokens for part in explanation.prompt) == explanation.prompt_tokens
    assert "".join(part.text for part in explanation.prompt) == asked(engine)
    (chunk,) = explanation.chunks
    (part,) = [part for part in explanation.prompt if part.kind == "chunk"]
    assert chunk.tokens == part.tokens + 1 == explanation.context_tokens
    assert explanation.query == "from fruit import peel\nslice = peel("
    assert explanation.timings.search_ms >= explanation.timings.lexical_ms > 0


async def test_an_explanation_changes_nothing(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories, prepare_on_open=False)
    await completer.explain(NAME, len(TEXT))
    assert engine.syncs == []
    assert await completer.explain("file:///project/unknown.py", 0) is None


async def test_a_document_outside_all_folders_has_no_chunks(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    name = "file:///elsewhere/kitchen.py"
    completer = start(engine, repositories, Document(name, "python", 1, TEXT))
    assert (await completer.complete(name, len(TEXT))).text == "banana)"
    explanation = await completer.explain(name, len(TEXT))
    assert explanation is not None
    assert (explanation.note, explanation.chunks) == (NO_REPOSITORY, ())


async def test_another_budget_counts_from_the_next_request_on(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories)
    await completer.complete(NAME, len(TEXT))
    completer.update_settings(CompletionSettings(context_tokens=0))
    suggestion = await completer.complete(NAME, len(TEXT))
    assert suggestion.reason is not EmptyReason.SUPERSEDED
    assert "fruit.py" not in asked(engine)


async def test_a_small_context_leaves_room_for_the_document(
    model: ModelDescription, repositories: FakeRepositories
) -> None:
    engine = FakeEngine.ready(replace(model, context_tokens=2_048))
    engine.script = says("banana)")
    repositories.index.replace("fruit.py", FRUIT + "    peel(fruit, knife, bowl)\n" * 200)
    line = "peel(banana, apple)\n"
    text = line * (1_800 // len(engine.tokenizer.encode(line).ids)) + TEXT  # would fit alone
    completer = start(engine, repositories, Document(NAME, "python", 1, text), max_tokens=16)
    await completer.complete(NAME, len(text))
    assert len(engine.requests[-1].tokens) <= 2_048 - 16
    explanation = await completer.explain(NAME, len(text))
    assert explanation is not None
    assert 256 < explanation.context_tokens <= explanation.budget_tokens == 512
    assert TEXT in asked(engine)


async def test_folders_and_the_end_are_passed_on(
    engine: FakeEngine, repositories: FakeRepositories
) -> None:
    completer = start(engine, repositories)
    assert completer.repositories()[0].num_chunks == repositories.index.num_chunks
    completer.close(NAME)
    assert repositories.index.paths == ("fruit.py", "trees.py")
    await completer.aclose()
    assert repositories.is_closed
