"""The demo against a server that only pretends, and against some that are broken."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from evaluation import editor
from evaluation.demo import MAX_CHARACTERS, DemoResult, example_source, run_demo
from evaluation.demo_view import SilentAudience, TerminalAudience, draw_summary
from evaluation.editor import position_of
from evaluation.errors import NoAnswerError, UnexpectedResultError

FAKE_SERVER = Path(__file__).with_name("fake_server.py")


async def _play(fault: str = "none") -> DemoResult:
    return await run_demo([sys.executable, str(FAKE_SERVER), fault], SilentAudience())


async def test_every_suggestion_is_compared_with_a_full_recompute() -> None:
    """The same text is read twice: where it was edited, and where it was never seen."""
    opened, *later = (await _play()).steps
    assert opened.recomputed is opened.suggestion
    assert opened.ratio is None
    assert [step.live.encoded for step in later] == [10] * 5
    compared = [step.recomputed.sync for step in later if step.recomputed]
    assert [sync.encoded for sync in compared] == [sync.prompt for sync in compared]
    assert later[0].live.prompt > opened.live.prompt  # a constant was added
    assert later[3].live.prompt == later[2].live.prompt + len("src.")


async def test_following_an_edit_is_in_the_account() -> None:
    """What the server does before anybody asks counts against the suggestion too."""
    _, edited, suggested, moved, *_ = (await _play()).steps
    assert (edited.suggestion, edited.ratio) == (None, None)
    assert suggested.spent_ms == edited.live.sync_ms + suggested.live.sync_ms
    assert moved.spent_ms == moved.live.sync_ms
    assert suggested.recomputed is not None
    assert suggested.ratio == suggested.recomputed.sync.sync_ms / suggested.spent_ms


async def test_what_is_shown_names_every_figure() -> None:
    shown = StringIO()
    console = Console(file=shown, width=160)
    with TerminalAudience(console) as audience:
        result = await run_demo([sys.executable, str(FAKE_SERVER)], audience)
    console.print(draw_summary(result))
    text = shown.getvalue()
    for step in result.steps:
        assert f"{step.live.prompt} tokens: 0 kept, {step.live.moved} moved" in text
    assert text.count("done[0]") == 2 * 4  # square brackets are no markup
    assert "3 of 3 suggestions are word for word" in text


async def test_a_comparison_with_a_cache_is_refused() -> None:
    """A full recompute that found something in a cache is none."""
    with pytest.raises(UnexpectedResultError, match="never seen before"):
        await _play("copying")


async def test_prompts_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(UnexpectedResultError, match="lays them out differently"):
        await _play("shorter")


async def test_a_server_that_suggests_nothing_at_all_is_told() -> None:
    with pytest.raises(UnexpectedResultError, match="no engine"):
        await _play("speechless")


async def test_the_wait_for_an_edit_to_be_followed_has_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(editor, "SYNC_TIMEOUT_S", 0.05)
    with pytest.raises(NoAnswerError, match="did not follow"):
        await _play("lazy")


async def test_a_model_that_cannot_be_loaded_is_told() -> None:
    with pytest.raises(UnexpectedResultError, match="no model"):
        await _play("failed")


async def test_the_wait_for_the_model_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "LOADING_TIMEOUT_S", 0.05)
    with pytest.raises(NoAnswerError, match="not loaded"):
        await _play("mute")


def test_the_example_is_a_real_file_that_is_left_unfinished_twice() -> None:
    source = example_source()
    assert MAX_CHARACTERS / 2 < len(source.text) < MAX_CHARACTERS + 1000
    assert source.text[: source.middle].endswith("\n    return ")
    assert source.text[: source.end].endswith("\n    if depth > ")
    assert source.text[: source.top].count("\n") < 80
    assert source.text[source.top - 1 : source.top + 2] == "\n\n\n"


@pytest.mark.parametrize(
    ("offset", "line", "character"), [(0, 0, 0), (2, 0, 3), (3, 1, 0), (5, 1, 2)]
)
def test_positions_count_utf16_units(offset: int, line: int, character: int) -> None:
    assert position_of("a🦊\nbc", offset) == {"line": line, "character": character}
