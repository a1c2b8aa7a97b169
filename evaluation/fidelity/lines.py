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

    def ends_with(self, token: int) -> bool:
        """Tell whether a line is over with this token, which may hold text before its end."""
        is_over = self._vocabulary.is_control(token)
        return is_over or _LINE_END in self._vocabulary.token_bytes(token)

    def text(self, tokens: Sequence[int]) -> str:
        """Return what the tokens say up to the first line end."""
        content = b"".join(self._vocabulary.token_bytes(token) for token in tokens)
        return content.split(_LINE_END, 1)[0].decode("utf-8", errors="replace")


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
