"""What each token of a model says, in bytes, and which tokens say nothing."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from engine.decoding.token_index import TokenIndex
from engine.errors import ModelFileError, UnsupportedModelError

WORD_START = "\u2581"  # stands for a space in SentencePiece vocabularies

_CONTROL_SHAPE = re.compile(
    r"<(?P<bar>[|\uff5c])\w[^|\uff5c]*(?P=bar)>"  # <|fim_middle|>, and DeepSeek's full-width bars
    r"|\u2581<(PRE|SUF|MID|EOT)>"  # Code Llama
    r"|<unused\d+>|\[PAD\d+\]"  # rows of the embedding that were never trained
)
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_UNREADABLE = 0x100  # no Latin-1 character, so that encoding a token with it in fails

_Reader = Callable[[str], bytes]


class Vocabulary:
    """The bytes of every token id. Immutable, and safe to share between threads.

    A control token has no bytes, is never text, and ends the text it follows. These are the
    tokenizer's special tokens, tokens shaped like a marker (`<|fim_middle|>`) whatever the
    tokenizer says of them, those the model's configuration calls ends, and ids without a
    token. Other added tokens, such as Gemma's runs of spaces, are text.

    A space at the start of a SentencePiece token is kept: the text goes on from a prompt.
    """

    def __init__(self, tokens: Sequence[bytes], control_ids: Iterable[int]) -> None:
        self._control = frozenset(control_ids).intersection(range(len(tokens)))
        self._tokens = tuple(
            b"" if index in self._control else token for index, token in enumerate(tokens)
        )

    @classmethod
    def from_file(cls, tokenizer_json: Path) -> "Vocabulary":
        """Read a tokenizer in the `tokenizers` library's format.

        End tokens also come from the configuration files beside it, where there are any.

        Raises:
            ModelFileError: If a file cannot be read or is not what it should be.
            UnsupportedModelError: If the decoder is neither byte-level nor SentencePiece-like.
        """
        content = _read_json(tokenizer_json)
        try:
            return _build(content, tokenizer_json.parent)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ModelFileError(
                f"{tokenizer_json} is JSON but not a tokenizer ({error!r}); "
                "wanted the tokenizers library's format; fetch or convert the model again."
            ) from error

    @property
    def size(self) -> int:
        """One more than the highest id; a model may score a few more."""
        return len(self._tokens)

    @property
    def end_ids(self) -> frozenset[int]:
        """Ids below `size` that end a text: all control tokens."""
        return self._control

    def token_bytes(self, token: int) -> bytes:
        """Return what `token` adds to the text; nothing for a control token."""
        return self._tokens[token] if token < len(self._tokens) else b""

    def is_control(self, token: int) -> bool:
        """Tell whether `token` is no text. Ids the vocabulary lacks are none either."""
        return token in self._control or token >= len(self._tokens)

    @cached_property
    def index(self) -> TokenIndex:
        """All text tokens by their bytes. Made at the first use."""
        return TokenIndex(self._tokens, np.array(sorted(self._control), np.intp))


def _build(content: Any, directory: Path) -> Vocabulary:
    read = _reader_for(content["decoder"])
    pieces = _pieces_by_id(content)
    control = {token["id"] for token in content["added_tokens"] if token["special"]}
    control.update(index for index, piece in pieces.items() if _CONTROL_SHAPE.fullmatch(piece))
    control.update(_configured_ends(directory, pieces))
    size = max(pieces) + 1
    control.update(index for index in range(size) if index not in pieces)
    texts = [b"" if index in control else read(pieces[index]) for index in range(size)]
    return Vocabulary(texts, control)


def _pieces_by_id(content: Any) -> dict[int, str]:
    vocabulary = content["model"]["vocab"]
    if isinstance(vocabulary, dict):
        pieces = {index: piece for piece, index in vocabulary.items()}
    else:  # a Unigram model lists pairs of piece and score
        pieces = {index: piece for index, (piece, _) in enumerate(vocabulary)}
    pieces.update((token["id"], token["content"]) for token in content["added_tokens"])
    return pieces


def _configured_ends(directory: Path, pieces: dict[int, str]) -> Iterator[int]:
    for name in ("generation_config.json", "config.json"):
        ends = _read_json_if_present(directory / name).get("eos_token_id")
        yield from ends if isinstance(ends, list) else [] if ends is None else [ends]
    end = _read_json_if_present(directory / "tokenizer_config.json").get("eos_token")
    text = end["content"] if isinstance(end, dict) else end
    yield from (index for index, piece in pieces.items() if piece == text)


def _reader_for(decoder: Any) -> _Reader:
    types = set(_decoder_types(decoder))
    if "ByteLevel" in types:
        return _read_byte_level
    if "ByteFallback" in types:
        return _read_piece_or_byte
    if types & {"Metaspace", "Replace"}:
        return _read_piece
    raise UnsupportedModelError(
        f"The tokenizer decodes with {sorted(types) or 'nothing'}; the engine reads byte-level "
        "and SentencePiece vocabularies only; choose a model with one of these."
    )


def _decoder_types(decoder: Any) -> Iterator[str]:
    if decoder is None:
        return
    yield decoder["type"]
    for part in decoder.get("decoders", ()):
        yield from _decoder_types(part)


def _byte_alphabet() -> dict[int, int]:
    """Return the byte that each character of GPT-2's alphabet stands for, by code point.

    Printable Latin-1 characters stand for themselves; the other bytes, in order, have the
    characters from U+0100 on. Characters below that stand for nothing are unreadable.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    substitutes = count(0x100)
    codes = {byte if byte in printable else next(substitutes): byte for byte in range(0x100)}
    return dict.fromkeys(range(0x100), _UNREADABLE) | codes


_BYTE_OF_CHARACTER = _byte_alphabet()


def _read_byte_level(piece: str) -> bytes:
    try:
        return piece.translate(_BYTE_OF_CHARACTER).encode("latin-1")
    except UnicodeEncodeError:
        return piece.encode()  # an added token outside the alphabet is plain text


def _read_piece_or_byte(piece: str) -> bytes:
    byte = _BYTE_PIECE.fullmatch(piece)
    return bytes.fromhex(byte[1]) if byte else _read_piece(piece)


def _read_piece(piece: str) -> bytes:
    return piece.replace(WORD_START, " ").encode()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} cannot be read as JSON ({error}); fetch or convert the model again."
        ) from error


def _read_json_if_present(path: Path) -> dict[str, Any]:
    content = _read_json(path) if path.exists() else {}
    if not isinstance(content, dict):
        raise ModelFileError(
            f"{path} holds a {type(content).__name__}; wanted an object; "
            "fetch or convert the model again."
        )
    return content
