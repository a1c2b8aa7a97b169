"""Text as chunks: nothing lost, nothing twice, never more lines than promised."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import MAX_CHUNK_LINES, MAX_FILE_LINES, chunks_of

some_lines = st.lists(st.sampled_from(("", " ", "\t", "a", "  b", "}")), max_size=80)


def numbered(start: int, end: int) -> str:
    return "\n".join(f"line {number}" for number in range(start, end))


@given(some_lines)
def test_every_line_that_is_not_blank_is_in_one_chunk(lines: list[str]) -> None:
    chunks = chunks_of("x", "\n".join(lines))
    covered = [
        (chunk.start_line + number, line)
        for chunk in chunks
        for number, line in enumerate(chunk.text.split("\n"))
    ]
    assert all(lines[number] == line for number, line in covered)
    assert len({number for number, _ in covered}) == len(covered)
    written = [(number, line) for number, line in enumerate(lines) if line.strip()]
    assert [(number, line) for number, line in covered if line.strip()] == written


@given(some_lines)
def test_chunks_are_bounded_and_as_long_as_can_be(lines: list[str]) -> None:
    chunks = chunks_of("x", "\n".join(lines))
    sizes = [sum(bool(line.strip()) for line in chunk.text.split("\n")) for chunk in chunks]
    assert all(1 <= size <= MAX_CHUNK_LINES for size in sizes)
    for chunk in chunks:
        first, *_, last = chunk.text.split("\n") * 2
        assert first.strip()
        assert last.strip()


def test_neighbours_are_joined_up_to_the_limit() -> None:
    text = "\n\n".join((numbered(0, 7), numbered(7, 15), numbered(15, 16)))
    assert [(chunk.start_line, chunk.text) for chunk in chunks_of("x", text)] == [
        (0, numbered(0, 7) + "\n\n" + numbered(7, 15)),
        (17, "line 15"),
    ]


def test_a_long_block_is_cut() -> None:
    starts = [chunk.start_line for chunk in chunks_of("x", numbered(0, 40))]
    assert starts == [0, MAX_CHUNK_LINES, 2 * MAX_CHUNK_LINES]


def test_all_line_ends_count() -> None:
    assert [chunk.text for chunk in chunks_of("x", "a\r\nb\rc\n")] == ["a\nb\nc"]


def test_the_end_of_a_huge_file_is_not_looked_at() -> None:
    chunks = chunks_of("x", numbered(0, MAX_FILE_LINES + 100))
    assert chunks[-1].text.endswith(f"line {MAX_FILE_LINES - 1}")
