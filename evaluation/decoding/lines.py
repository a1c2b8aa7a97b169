"""Lines as models write them, token by token, and how like the truth they are."""

from collections.abc import Sequence

from engine.decoding.vocabulary import Vocabulary

_LINE_END = b"\n"


class LineReader:
    """Knows where a line ends and what it says.

    Args:
        vocabulary: Of the model.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def is_complete(self, tokens: Sequence[int], num_lines: int = 1) -> bool:
        """Tell whether so many lines are over with these tokens, or the whole text is.

        The last token may hold text before the end of its line, and behind it.
        """
        if any(self._vocabulary.is_control(token) for token in tokens):
            return True
        ends = (self._vocabulary.token_bytes(token).count(_LINE_END) for token in tokens)
        return sum(ends) >= num_lines

    def text(self, tokens: Sequence[int], num_lines: int = 1) -> str:
        """Return the first lines of what the tokens say, without the last one's end."""
        content = b"".join(self._vocabulary.token_bytes(token) for token in tokens)
        lines = content.split(_LINE_END)[:num_lines]
        return _LINE_END.join(lines).decode("utf-8", errors="replace")


def is_same_line(line: str, truth: str) -> bool:
    """Compare lines but for white space at their ends."""
    return line.rstrip() == truth.rstrip()


def edit_similarity(line: str, truth: str) -> float:
    """Return 2 M / T of two lines, from 0 to 1, but for white space at their ends.

    M is the length of their longest common subsequence and T that of both together: one minus
    the insertions and deletions that turn one into the other, by T. It is what rapidfuzz calls
    `ratio`, with which published completion benchmarks measure.
    """
    left, right = line.rstrip(), truth.rstrip()
    if not left and not right:
        return 1.0
    return 2 * _common_subsequence(left, right) / (len(left) + len(right))


def _common_subsequence(left: str, right: str) -> int:
    """Return the length of the longest common subsequence; O(len(left) * len(right))."""
    above = [0] * (len(right) + 1)
    for character in left:
        row = [0]
        for index, other in enumerate(right):
            better = max(above[index + 1], row[index])
            row.append(above[index] + 1 if character == other else better)
        above = row
    return above[-1]
