"""Texts to tokens, with the tokens that frame a text, cut where it is too long."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing

from engine.errors import ModelFileError

MAX_TEXT_CHARACTERS = 16_384
"""Of one text that are looked at: more than the most tokens of code have."""

_ENCODER_ONLY = "<encoder-only>"
"""Tells UniXcoder to read in both directions; it stands in front of every text.

Source: UniXcoder, arXiv 2203.03850, section 3.1.
"""


class TextTokenizer:
    """The tokenizer of an encoder. For one thread at a time.

    Args:
        folder: Holds `tokenizer.json`, or `vocab.json` and `merges.txt`.
        max_tokens: Of one text, those that frame it included.

    Raises:
        ModelFileError: If it cannot be read.
    """

    def __init__(self, folder: Path, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        try:
            self._tokenizer = _read_tokenizer(folder)
        except Exception as error:  # the library raises nothing narrower
            raise ModelFileError(
                f"The tokenizer of the encoder {folder} cannot be read ({error}); pull the encoder"
                " again."
            ) from error
        self._tokenizer.no_padding()
        # A text that contains "[SEP]" holds these five characters, not the end of itself.
        self._tokenizer.encode_special_tokens = True

    def tokens_of(self, texts: Sequence[str], *, keeps_end: bool) -> list[list[int]]:
        """Return the tokens of each text, of a long one those at its beginning or its end."""
        direction = "left" if keeps_end else "right"
        self._tokenizer.enable_truncation(self._max_tokens, direction=direction)
        bounded = [_bounded(text, keeps_end=keeps_end) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(bounded)]


def _bounded(text: str, *, keeps_end: bool) -> str:
    return text[-MAX_TEXT_CHARACTERS:] if keeps_end else text[:MAX_TEXT_CHARACTERS]


def _read_tokenizer(folder: Path) -> Tokenizer:
    whole = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(whole)) if whole.is_file() else _byte_level(folder)
    mode = tokenizer.token_to_id(_ENCODER_ONLY)
    if mode is not None:
        _frame(tokenizer, ["<s>", _ENCODER_ONLY, "</s>", "$A", "</s>"])
    return tokenizer


def _byte_level(folder: Path) -> Tokenizer:
    """Build RoBERTa's tokenizer from the two files of its older layout."""
    vocabulary, merges = str(folder / "vocab.json"), str(folder / "merges.txt")
    tokenizer = Tokenizer(BPE.from_file(vocabulary, merges, unk_token="<unk>"))  # noqa: S106
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(
        [AddedToken(word, special=True) for word in ("<s>", "<pad>", "</s>", "<unk>")]
    )
    _frame(tokenizer, ["<s>", "$A", "</s>"])
    return tokenizer


def _frame(tokenizer: Tokenizer, template: list[str]) -> None:
    words = sorted({word for word in template if word != "$A"})
    special = [(word, tokenizer.token_to_id(word)) for word in words]
    tokenizer.post_processor = TemplateProcessing(single=template, special_tokens=special)
