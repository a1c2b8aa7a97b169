"""Text to tokens without torch, and only around an edit.

Text is cut at places where the tokenizer never joins (see `completion.boundaries`), into
paragraphs and these into pieces, and the tokens of both are remembered by content. After a
keystroke one piece is new, and one paragraph is put together again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers

from completion.boundaries import NOWHERE, safe_boundaries
from completion.errors import TokenizerFileError
from engine.tokens import TokenArray

DEFAULT_CACHED_CHARACTERS = 2_000_000
_EMPTY: TokenArray = np.empty(0, dtype=np.int32)


class Tokenization:
    """One model's tokenizer, for text taken literally. Safe to use from several threads.

    Literally means: nothing in a text becomes a control token, and nothing is put before it,
    neither a token for the beginning nor a space.

    Args:
        tokenizer: Changed in place.
        cached_characters: How much text to remember at least; twice as much at most.
    """

    def __init__(
        self, tokenizer: Tokenizer, cached_characters: int = DEFAULT_CACHED_CHARACTERS
    ) -> None:
        self.leading_tokens: tuple[int, ...] = tuple(tokenizer.encode("").ids)
        _take_text_literally(tokenizer)
        self._tokenizer = tokenizer
        self._boundaries = safe_boundaries(tokenizer)
        self._cache = RecentTexts(cached_characters)
        self.control_tokens = frozenset(
            index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special
        )

    @classmethod
    def load(cls, directory: Path) -> "Tokenization":
        """Read `tokenizer.json` of a model.

        Raises:
            TokenizerFileError: If the file is missing or not a tokenizer.
        """
        path = directory / "tokenizer.json"
        if not path.is_file():
            raise TokenizerFileError(
                f"The model's folder {directory} has no tokenizer.json; pull the model again."
            )
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise TokenizerFileError(
                f"{path} is not a tokenizer that can be read ({error}); pull the model again."
            ) from error
        return cls(tokenizer)

    @property
    def has_boundaries(self) -> bool:
        """Tell whether text can be tokenised in pieces."""
        return self._boundaries is not NOWHERE

    def token_id(self, content: str) -> int | None:
        """Return the id of the token that is written `content`, if there is one."""
        return self._tokenizer.token_to_id(content)

    def encode(self, text: str) -> TokenArray:
        """Return the tokens of `text`, (L,), the same as in one piece."""
        paragraphs = _cut(text, self._boundaries.paragraph)
        return _joined([self._remembered(each, self._encode_paragraph) for each in paragraphs])

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`, control tokens included."""
        return self._tokenizer.decode(tokens, skip_special_tokens=False)

    def _encode_paragraph(self, text: str) -> TokenArray:
        pieces = _cut(text, self._boundaries.piece)
        return _joined([self._remembered(each, self._encode_whole) for each in pieces])

    def _encode_whole(self, text: str) -> TokenArray:
        storable = text.encode("utf-8", errors="replace").decode("utf-8")  # no lone surrogates
        encoding = self._tokenizer.encode(storable, add_special_tokens=False)
        return np.array(encoding.ids, dtype=np.int32)

    def _remembered(self, text: str, encode: Callable[[str], TokenArray]) -> TokenArray:
        tokens = self._cache.get(text)
        if tokens is None:
            tokens = encode(text)
            self._cache.put(text, tokens)
        return tokens


class RecentTexts:
    """Tokens by text: those used of late in one dictionary, those used before in another.

    Cheaper to read than an exact order of use, and needs no lock: two threads at once can at
    worst encode the same text twice.
    """

    def __init__(self, capacity_characters: int) -> None:
        self._capacity_characters = capacity_characters
        self._recent_characters = 0
        self._recent: dict[str, TokenArray] = {}
        self._older: dict[str, TokenArray] = {}

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)

    def get(self, text: str) -> TokenArray | None:
        """Return what is remembered of `text`, which counts as a use."""
        tokens = self._recent.get(text)
        if tokens is None:
            tokens = self._older.pop(text, None)
            if tokens is not None:
                self.put(text, tokens)
        return tokens

    def put(self, text: str, tokens: TokenArray) -> None:
        """Remember `tokens`; forgets all not used since the last time it was full."""
        if self._recent_characters >= self._capacity_characters:
            self._older, self._recent = self._recent, {}
            self._recent_characters = 0
        self._recent[text] = tokens
        self._recent_characters += len(text)


def _cut(text: str, boundary: re.Pattern[str]) -> list[str]:
    """Cut `text` at the empty matches of `boundary`, into parts that are not empty."""
    cuts = [0, *(match.start() for match in boundary.finditer(text)), len(text)]
    return [text[start:stop] for start, stop in pairwise(cuts) if start < stop]


def _joined(arrays: list[TokenArray]) -> TokenArray:
    return np.concatenate(arrays) if arrays else _EMPTY


def _take_text_literally(tokenizer: Tokenizer) -> None:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    _silence_control_tokens(tokenizer)
    _drop_prefix_space(tokenizer)


def _silence_control_tokens(tokenizer: Tokenizer) -> None:
    """Make every added token special, since special ones can be told not to match text.

    Some vocabularies list control tokens as ordinary ones (`<tool_call>` of Qwen2.5,
    `<fim_prefix>` of CodeQwen). Runs of white space are text in any case.
    """
    added = tokenizer.get_added_tokens_decoder().values()
    controls = [token.content for token in added if token.content.strip(" \t\r\n▁")]
    tokenizer.add_special_tokens(
        [AddedToken(content, special=True, normalized=False) for content in controls]
    )
    tokenizer.encode_special_tokens = True


def _drop_prefix_space(tokenizer: Tokenizer) -> None:
    if isinstance(tokenizer.normalizer, normalizers.Prepend):
        tokenizer.normalizer = None
    elif isinstance(tokenizer.normalizer, normalizers.Sequence):
        steps = [tokenizer.normalizer[index] for index in range(len(tokenizer.normalizer))]
        kept = [step for step in steps if not isinstance(step, normalizers.Prepend)]
        tokenizer.normalizer = normalizers.Sequence(kept)
    for step in _pre_tokenizer_steps(tokenizer):
        if isinstance(step, pre_tokenizers.Metaspace):
            step.prepend_scheme = "never"
        elif isinstance(step, pre_tokenizers.ByteLevel):
            step.add_prefix_space = False


def _pre_tokenizer_steps(tokenizer: Tokenizer) -> list[pre_tokenizers.PreTokenizer]:
    whole = tokenizer.pre_tokenizer
    if isinstance(whole, pre_tokenizers.Sequence):
        # it has no length, but can be iterated
        return list(cast("Iterable[pre_tokenizers.PreTokenizer]", whole))
    return [] if whole is None else [whole]
