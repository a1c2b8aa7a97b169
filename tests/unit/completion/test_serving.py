"""What the user has turned off, and where: nothing is shown, and nothing of it is sent."""

import asyncio
from typing import Any

import pytest

from completion.document import Document
from completion.types import CompletionOptions, EmptyReason
from tests.unit.completion.fakes import CURSOR, NAME, OPENED, FakeEngine, completer_on, says, typed
from tests.unit.completion.repositories import ROOT, FakeRepositories

INVOKED = CompletionOptions(is_invoked=True)
COMMENTED = "value = 1  # the "
QUOTED = 'value = "the '


async def reason(engine: FakeEngine, document: Document, offset: int, **changes: Any) -> Any:
    completer = completer_on(engine, document, **changes)
    return (await completer.complete(document.name, offset)).reason


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"enabled": False}, EmptyReason.DISABLED),
        ({"disabled_languages": ("markdown", "python")}, EmptyReason.LANGUAGE_OFF),
        ({"disabled_paths": ("*.min.js", "tree.*")}, EmptyReason.PATH_OFF),
        ({"disabled_paths": ("project/",)}, EmptyReason.PATH_OFF),
        ({"disabled_paths": ("/project/*.py",)}, EmptyReason.PATH_OFF),
    ],
)
async def test_nothing_of_a_document_that_is_turned_off_reaches_the_engine(
    engine: FakeEngine, changes: dict[str, Any], expected: EmptyReason
) -> None:
    engine.script = says("left")
    completer = completer_on(engine, **changes)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    answers = [
        await completer.complete(NAME, CURSOR, options)
        for options in (INVOKED, CompletionOptions())
    ]
    await completer.aclose()
    assert [answer.reason for answer in answers] == [expected, expected]
    assert all(answer.detail for answer in answers)
    assert (engine.requests, engine.syncs) == ([], [])


@pytest.mark.parametrize(
    "name",
    [
        "file:///home/me/project/.env",
        "file:///home/me/.ssh/config",
        "file:///project/deploy/secrets.yaml",
        "untitled:secrets.yaml",
        "/project/id_ed25519",
    ],
)
async def test_nothing_of_a_file_for_secrets_reaches_the_engine(
    engine: FakeEngine, name: str
) -> None:
    engine.script = says("left")
    completer = completer_on(engine, Document(name, "plaintext", 1, "TOKEN="))
    completer.change(Document(name, "plaintext", 2, "TOKEN=a"), 7)
    assert (await completer.complete(name, 7, INVOKED)).reason is EmptyReason.PRIVATE_FILE
    await completer.aclose()
    assert (engine.requests, engine.syncs, engine.read_ahead) == ([], [], [])


async def test_nothing_of_an_ignored_file_reaches_the_engine(engine: FakeEngine) -> None:
    engine.script = says("left")
    name = f"{ROOT}build/made.py"
    document = Document(name, "python", 1, "x = ")
    repositories = FakeRepositories(ignored={"build/made.py"})
    completer = completer_on(engine, document, repositories)
    completer.change(typed(document, 4, "1"), 5)
    assert (await completer.complete(name, 5, INVOKED)).reason is EmptyReason.IGNORED_FILE
    await completer.aclose()
    assert (engine.requests, engine.syncs) == ([], [])


async def test_a_folder_far_above_makes_no_secret(engine: FakeEngine) -> None:
    document = Document("file:///home/.aws/checkout/work/app/main.py", "python", 1, "x = ")
    engine.script = says("1")
    assert await reason(engine, document, 4) is None


async def test_secrets_in_the_text_do_not_reach_the_engine(engine: FakeEngine) -> None:
    secret = "AKIA" + "QX7ZPL2MN8RTVWYB"
    text = f'KEY = "{secret}"\n\n\ndef client():\n    return connect()\n'
    cursor = text.index("connect()")
    document = Document(NAME, "python", 1, text)
    engine.script = says("sign(KEY)")
    completer = completer_on(engine, document)
    await completer.complete(NAME, cursor)
    completer.change(typed(document, cursor, "s"), cursor + 1)
    await engine.until(lambda: len(engine.syncs) >= 1)
    await completer.aclose()
    prompts = [engine.requests[0].tokens, *(tokens for _, tokens, _ in engine.syncs)]
    for read in (engine.tokenizer.decode(list(tokens)) for tokens in prompts):
        assert secret not in read
        assert f'KEY = "{"x" * len(secret)}"' in read


@pytest.mark.parametrize(
    "changes",
    [
        {"disabled_languages": ("rust",)},
        {"disabled_paths": ("*.rs", "tree/", "/tree.py", "!", "[")},
        {"disabled_paths": ("*.py", "!tree.py")},
    ],
)
async def test_other_languages_and_paths_turn_nothing_off(
    engine: FakeEngine, changes: dict[str, Any]
) -> None:
    engine.script = says("left")
    assert await reason(engine, OPENED, CURSOR, **changes) is None


async def test_paths_are_compared_without_the_quoting_of_uris(engine: FakeEngine) -> None:
    document = Document("file:///my%20code/a.py", "python", 1, "x = ")
    turned_off = await reason(engine, document, 4, disabled_paths=("my\\ code/",))
    assert turned_off is EmptyReason.PATH_OFF


@pytest.mark.parametrize("name", [r"C:\my code\a.py", "file:///c%3A/my%20code/a.py"])
async def test_paths_of_windows_are_compared_as_well(engine: FakeEngine, name: str) -> None:
    """A letter before a colon is a drive, not the scheme of a URI."""
    document = Document(name, "python", 1, "x = ")
    turned_off = await reason(engine, document, 4, disabled_paths=("my\\ code/",))
    assert turned_off is EmptyReason.PATH_OFF


async def test_without_automatic_suggestions_one_has_to_ask(engine: FakeEngine) -> None:
    engine.script = says("left")
    completer = completer_on(engine, automatic=False)
    answer = await completer.complete(NAME, CURSOR)
    assert (answer.reason, engine.requests) == (EmptyReason.NOT_ASKED_FOR, [])
    assert (await completer.complete(NAME, CURSOR, INVOKED)).text == "left"


async def test_without_automatic_suggestions_the_cache_follows_all_the_same(
    engine: FakeEngine,
) -> None:
    completer = completer_on(engine, automatic=False)
    await engine.until(lambda: len(engine.syncs) == 1)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    await completer.complete(NAME, CURSOR + 1)
    await engine.until(lambda: len(engine.syncs) == 2)


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        (COMMENTED, {"in_comments": False}, EmptyReason.IN_COMMENT),
        (COMMENTED, {"in_strings": False}, None),
        (QUOTED, {"in_strings": False}, EmptyReason.IN_STRING),
        (QUOTED, {"in_comments": False}, None),
        ('def f():\n    """Return the ', {"in_strings": False}, EmptyReason.IN_STRING),
        ('value = "# no comment" + ', {"in_comments": False, "in_strings": False}, None),
        ("# a comment\nvalue = ", {"in_comments": False, "in_strings": False}, None),
    ],
)
async def test_comments_and_strings_can_be_left_alone(
    engine: FakeEngine, text: str, changes: dict[str, Any], expected: EmptyReason | None
) -> None:
    engine.script = says("words")
    document = Document(NAME, "python", 1, text)
    assert await reason(engine, document, len(text), **changes) is expected
    assert bool(engine.requests) is (expected is None)


async def test_whoever_asks_in_a_comment_gets_an_answer(engine: FakeEngine) -> None:
    engine.script = says("words")
    completer = completer_on(engine, Document(NAME, "python", 1, COMMENTED), in_comments=False)
    assert (await completer.complete(NAME, len(COMMENTED), INVOKED)).text == "words"


async def test_a_refused_comment_is_read_into_the_cache(engine: FakeEngine) -> None:
    """The request takes the place of the sync that was waiting, so another one has to follow."""
    document = Document(NAME, "python", 1, COMMENTED)
    completer = completer_on(engine, document, in_comments=False, prepare_on_open=False)
    completer.change(typed(document, len(COMMENTED), "w"), len(COMMENTED) + 1)
    await completer.complete(NAME, len(COMMENTED) + 1)
    await engine.until(lambda: len(engine.syncs) == 1)


async def test_an_unsure_suggestion_is_shown_only_to_who_asks(engine: FakeEngine) -> None:
    engine.script = says("left + right")  # with a log probability of -2 in all
    completer = completer_on(engine, show_threshold=99)
    unsure = await completer.complete(NAME, CURSOR)
    assert (unsure.text, unsure.reason) == ("", EmptyReason.UNSURE)
    asked = await completer.complete(NAME, CURSOR, INVOKED)
    assert asked.text == "left + right"
    assert 0 < asked.candidates[0].confidence < 0.99


async def test_a_sure_suggestion_is_shown(engine: FakeEngine) -> None:
    engine.script = says("left")
    completer = completer_on(engine, show_threshold=1)
    assert (await completer.complete(NAME, CURSOR)).text == "left"


async def test_what_comes_next_has_to_be_as_sure(engine: FakeEngine) -> None:
    engine.script = says("left")
    engine.next_script = says(" + right")
    completer = completer_on(engine, show_threshold=99)
    await completer.complete(NAME, CURSOR, INVOKED)
    await engine.until(lambda: len(engine.aheads) == 1)
    await asyncio.sleep(0)
    completer.change(typed(OPENED, CURSOR, "left"), CURSOR + 4)
    assert (await completer.complete(NAME, CURSOR + 4)).reason is EmptyReason.UNSURE
