"""How like the truth what was written is."""

from evaluation.decoding.lines import edit_similarity
from evaluation.repo.symbols import names_in


def is_same_text(text: str, truth: str) -> bool:
    """Compare texts but for white space at the ends of their lines."""
    return _without_ends(text) == _without_ends(truth)


def text_similarity(text: str, truth: str) -> float:
    """Return the edit similarity of two texts, but for white space at the ends of their lines."""
    return edit_similarity(_without_ends(text), _without_ends(truth))


def has_same_names(text: str, truth: str, language: str) -> bool:
    """Tell whether both have the same names in the same order.

    Source:
        CrossCodeEval, arXiv 2310.11248, section 4.1: identifier match.
    """
    return names_in(text, language) == names_in(truth, language)


def _without_ends(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))
