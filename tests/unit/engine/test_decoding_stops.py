"""Stop strings end a text wherever the token boundaries fall."""

from hypothesis import given
from hypothesis import strategies as st

from engine.decoding.stops import StopFilter

few_bytes = st.text("abé\n", max_size=12).map(str.encode)
stop_strings = st.lists(st.text("abé\n", min_size=1, max_size=4).map(str.encode), max_size=3)


def run(stops: list[bytes], parts: list[bytes], exempt_bytes: int = 0) -> tuple[bytes, bool]:
    stop_filter = StopFilter(stops, exempt_bytes)
    shown = b""
    for part in parts:
        text, is_stopped = stop_filter.feed(part)
        shown += text
        if is_stopped:
            return shown, True
    return shown + stop_filter.flush(), False


def first_stop(stops: list[bytes], text: bytes, exempt_bytes: int) -> tuple[bytes, bool]:
    """The rule itself: read on byte by byte until the text ends in a stop."""
    for end in range(exempt_bytes + 1, len(text) + 1):
        lengths = [len(stop) for stop in stops if text[exempt_bytes:end].endswith(stop)]
        if lengths:
            return text[: end - max(lengths)], True
    return text, False


@given(stops=stop_strings, parts=st.lists(few_bytes, max_size=6), exempt_bytes=st.integers(0, 6))
def test_cuts_do_not_matter(stops: list[bytes], parts: list[bytes], exempt_bytes: int) -> None:
    """However a text is cut, it ends where it would if it came byte by byte."""
    text = b"".join(parts)
    assert run(stops, parts, exempt_bytes) == first_stop(stops, text, min(exempt_bytes, len(text)))


def test_holds_back_only_what_may_become_a_stop() -> None:
    stop_filter = StopFilter([b"\n\n"])
    assert stop_filter.feed(b"a = 1\n") == (b"a = 1", False)
    assert stop_filter.feed(b"b") == (b"\nb", False)


def test_stop_spread_over_three_parts_is_never_shown() -> None:
    assert run([b"def "], [b"x\nd", b"e", b"f f"]) == (b"x\n", True)


def test_what_was_held_back_comes_at_the_end_of_the_text() -> None:
    assert run([b"\n\n"], [b"x\n"]) == (b"x\n", False)


def test_stop_within_the_exempt_start_is_text() -> None:
    assert run([b"\n"], [b"if x:\n  ", b"y\nz"], exempt_bytes=8) == (b"if x:\n  y", True)
