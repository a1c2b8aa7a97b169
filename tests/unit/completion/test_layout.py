"""Each family's prompt as its makers document it, markers by id."""

from collections.abc import Sequence

import pytest

from completion.families import (
    CODE_LLAMA,
    CODEGEMMA,
    DEEPSEEK_CODER,
    GRANITE,
    LEFT_TO_RIGHT,
    QWEN_CODER,
    STARCODER2,
    Family,
    detect_family,
)
from completion.layout import Layout, Prompt, PromptParts, SegmentKind
from completion.tokenization import Tokenization
from retrieval.types import Chunk
from tests.unit.completion.fakes import small_tokenizer

BEFORE, AFTER = "def f():\n    ", "\n\nf()\n"
CHUNK = Chunk("pkg/a.py", 0, "A = 1\n", 2.0)
ALL = [QWEN_CODER, CODEGEMMA, DEEPSEEK_CODER, CODE_LLAMA, STARCODER2, GRANITE]


def layout_of(family: Family, more: Sequence[str] = ()) -> Layout:
    markers = [*family.required_markers, *filter(None, [family.beginning]), *more]
    tokenization = Tokenization(small_tokenizer(markers))
    return Layout(detect_family(tokenization, 1_000), tokenization)


def prompt_of(layout: Layout, **parts: object) -> Prompt:
    encode = layout._tokenization.encode
    lead = layout.leading_text(parts.get("chunks", ()))  # type: ignore[arg-type]
    return layout.lay_out(
        PromptParts(encode(lead + BEFORE), encode(AFTER), language="python", **parts)  # type: ignore[arg-type]
    )


def written(layout: Layout, prompt: Prompt) -> str:
    """Return the prompt with its markers as they are written."""
    return layout._tokenization.decode(prompt.tokens.tolist())


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_a_family_is_known_by_its_markers(family: Family) -> None:
    assert layout_of(family).family is family


def test_without_markers_it_is_left_to_right() -> None:
    assert layout_of(LEFT_TO_RIGHT).family is LEFT_TO_RIGHT


def test_markers_beyond_the_model_do_not_count() -> None:
    tokenization = Tokenization(small_tokenizer(QWEN_CODER.required_markers))
    assert detect_family(tokenization, 2) is LEFT_TO_RIGHT


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (QWEN_CODER, "<|fim_prefix|>{b}<|fim_suffix|>{a}<|fim_middle|>"),
        (CODEGEMMA, "<bos><|fim_prefix|>{b}<|fim_suffix|>{a}<|fim_middle|>"),
        (
            DEEPSEEK_CODER,
            "<｜begin▁of▁sentence｜><｜fim▁begin｜>{b}<｜fim▁hole｜>{a}<｜fim▁end｜>",  # noqa: RUF001
        ),
        (CODE_LLAMA, "<s>▁<PRE> {b}▁<SUF>{a}▁<MID>"),
        (STARCODER2, "<fim_prefix>{b}<fim_suffix>{a}<fim_middle>"),
        (GRANITE, "<fim_prefix>{b}<fim_suffix>{a}<fim_middle>"),
        (LEFT_TO_RIGHT, "{b}"),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_one_file(family: Family, expected: str) -> None:
    layout = layout_of(family)
    prompt = prompt_of(layout)
    assert written(layout, prompt) == expected.format(b=BEFORE, a=AFTER)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (
            QWEN_CODER,
            (
                "<|repo_name|>project\n<|file_sep|>pkg/a.py\nA = 1\n<|file_sep|>pkg/b.py\n"
                "<|fim_prefix|>{b}<|fim_suffix|>{a}<|fim_middle|>"
            ),
        ),
        (
            STARCODER2,
            (
                "<repo_name>project<file_sep>pkg/a.py\nA = 1<file_sep>"
                "<fim_prefix>pkg/b.py\n{b}<fim_suffix>{a}<fim_middle>"
            ),
        ),
        (
            CODEGEMMA,
            (
                "<bos>pkg/a.py\nA = 1\n<|file_separator|>pkg/b.py\n"
                "<|fim_prefix|>{b}<|fim_suffix|>{a}<|fim_middle|>"
            ),
        ),
        (
            GRANITE,
            "<fim_prefix># pkg/a.py\nA = 1\n\n# pkg/b.py\n{b}<fim_suffix>{a}<fim_middle>",
        ),
        (
            CODE_LLAMA,
            "<s>▁<PRE> # pkg/a.py\nA = 1\n\n# pkg/b.py\n{b}▁<SUF>{a}▁<MID>",
        ),
        (LEFT_TO_RIGHT, "# pkg/a.py\nA = 1\n\n# pkg/b.py\n{b}"),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_chunks_of_other_files_stand_in_front(family: Family, expected: str) -> None:
    layout = layout_of(family)
    prompt = prompt_of(layout, chunks=(CHUNK,), path="pkg/b.py", repository_name="project")
    assert written(layout, prompt) == expected.format(b=BEFORE, a=AFTER)


@pytest.mark.parametrize("family", [*ALL, LEFT_TO_RIGHT], ids=lambda family: family.name)
def test_segments_cover_the_prompt_and_the_cursor_ends_one(family: Family) -> None:
    layout = layout_of(family)
    prompt = prompt_of(layout, chunks=(CHUNK,), path="pkg/b.py", repository_name="project")
    edges = [segment.stop for segment in prompt.segments]
    assert [0, *edges[:-1]] == [segment.start for segment in prompt.segments]
    assert edges[-1] == len(prompt.tokens)
    before = next(each for each in prompt.segments if each.kind is SegmentKind.BEFORE)
    assert prompt.cursor == before.stop


def test_a_left_to_right_prompt_begins_like_a_document() -> None:
    layout = layout_of(LEFT_TO_RIGHT, more=["<|endoftext|>"])
    assert written(layout, prompt_of(layout)) == f"<|endoftext|>{BEFORE}"


def test_markers_in_the_text_stay_text() -> None:
    layout = layout_of(QWEN_CODER)
    encode = layout._tokenization.encode
    hostile = encode("x = '<|fim_middle|>'")
    prompt = layout.lay_out(PromptParts(hostile, hostile))
    assert prompt.tokens.tolist().count(layout._tokenization.token_id("<|fim_middle|>")) == 1
