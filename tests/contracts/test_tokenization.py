"""Tokens put together from pieces are the tokens of the whole text."""

import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from completion.tokenization import Tokenization

QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROLS = ("<|fim_prefix|>", "<|fim_middle|>", "<|endoftext|>")

UNKNOWN = "<unk>"
CORPUS = [
    "def add(left, right):\n    return left + right\n\n\nclass Tree:\n    def walk(self):\n",
    'if x == 1:\n        print("one")\n    else:\n\treturn [1, 2, 3]\n\n# a comment\n',
    "function f(a) {\r\n    return a.b.c;\r\n}\r\n\r\n/* äöü — ü */ const x = 'it\\'s';\r\n",
    "for (int i = 0; i < 10; i++) {\n\tsum += values[i];\n}\n   \n  \n\n",
]


def byte_level(pre_tokenizer: pre_tokenizers.PreTokenizer, *, nfc: bool = False) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(CONTROLS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    return tokenizer


def split(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated")


def bytes_only() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def gpt2_words() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def qwen2() -> Tokenizer:
    return byte_level(pre_tokenizers.Sequence([split(QWEN2_WORDS), bytes_only()]), nfc=True)


def gpt2() -> Tokenizer:
    return byte_level(gpt2_words())


def starcoder() -> Tokenizer:
    digits = pre_tokenizers.Digits(individual_digits=True)
    return byte_level(pre_tokenizers.Sequence([digits, gpt2_words()]))


def deepseek_coder() -> Tokenizer:
    steps = [
        split("[\r\n]"),
        split(r"\s?\p{L}+"),
        split(r"\s?\p{P}+"),
        split("[一-龥ࠀ-一가-퟿]+"),
        pre_tokenizers.Digits(individual_digits=True),
        bytes_only(),
    ]
    return byte_level(pre_tokenizers.Sequence(steps))


def sentence_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token=UNKNOWN, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[UNKNOWN, "<s>", "▁<PRE>", *(f"<0x{byte:02X}>" for byte in range(256))],
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    trained = json.loads(tokenizer.to_str())
    added = trained["added_tokens"]
    trained["added_tokens"] = [token for token in added if "<0x" not in token["content"]]
    return Tokenizer.from_str(json.dumps(trained))


FAMILIES: dict[str, Callable[[], Tokenizer]] = {
    "qwen2": qwen2,
    "gpt2": gpt2,
    "starcoder": starcoder,
    "deepseek-coder": deepseek_coder,
    "sentence-piece": sentence_piece,
}


@cache
def family(name: str) -> tuple[Tokenization, Tokenizer]:
    """Return the piecewise side and the oracle, which tokenises in one go."""
    trained = FAMILIES[name]().to_str()
    oracle = Tokenization(Tokenizer.from_str(trained))._tokenizer
    return Tokenization(Tokenizer.from_str(trained), cached_characters=2_000), oracle


def whole(oracle: Tokenizer, text: str) -> list[int]:
    return list(oracle.encode(text, add_special_tokens=False).ids)


CODE_WORDS = st.sampled_from(
    [
        *("def ", "return", "x", "value", "self.name", "(", ")", "{", "}", ":", ";", '"', "'"),
        *(
            "'s",
            "123",
            "4",
            "+= ",
            "//",
            "#",
            "...",
            "naïve",
            "变量",
            "😀",
            "é",
            "\u0301",
            "߿",
            "…",
        ),
    ]
)
SPACES = st.sampled_from(
    [
        *(" ", "  ", "    ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", " \n"),
        *("\n    ", "\n \t", "\xa0", "\u2028", "\u200b", "\u3000", "\x0b", "\x0c", "\x1c", "\x85"),
        *("\n\xa0", "\u180e\n", "\n\u2003x", "\ufeff", "\n\x1d"),
    ]
)
NASTY_TEXT = st.lists(
    CODE_WORDS | SPACES | st.sampled_from(CONTROLS) | st.text(max_size=3), max_size=60
).map("".join)
ALL_FAMILIES = pytest.mark.parametrize("name", list(FAMILIES))


@ALL_FAMILIES
@given(text=NASTY_TEXT)
@settings(max_examples=300)
def test_pieces_give_the_tokens_of_the_whole(name: str, text: str) -> None:
    tokenization, oracle = family(name)
    assert tokenization.encode(text).tolist() == whole(oracle, text)


@ALL_FAMILIES
@given(
    text=NASTY_TEXT,
    edits=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40), NASTY_TEXT), max_size=5),
)
@settings(max_examples=60)
def test_edits_give_the_tokens_of_the_edited_text(
    name: str, text: str, edits: list[tuple[int, int, str]]
) -> None:
    """Remembered pieces stay right whatever was tokenised before."""
    tokenization, oracle = family(name)
    for start, length, insertion in edits:
        place = min(start, len(text))
        text = text[:place] + insertion + text[place + length :]
        assert tokenization.encode(text).tolist() == whole(oracle, text)


@ALL_FAMILIES
@given(text=NASTY_TEXT)
@settings(max_examples=50)
def test_text_never_gives_control_tokens(name: str, text: str) -> None:
    tokenization, _ = family(name)
    tokens = tokenization.encode(f"a{''.join(CONTROLS)}▁<PRE><s>{text}")
    assert not tokenization.control_tokens & set(tokens.tolist())


@ALL_FAMILIES
def test_boundaries_are_known_for_each_family_but_sentence_piece(name: str) -> None:
    assert family(name)[0].has_boundaries is (name != "sentence-piece")


def test_an_unknown_pattern_has_no_boundaries() -> None:
    """A pattern like that of o200k, whose words may hold a newline and a slash."""
    words = QWEN2_WORDS.replace(r"[\r\n]*", r"[\r\n/]*")
    unknown = byte_level(pre_tokenizers.Sequence([split(words), bytes_only()]))
    assert not Tokenization(unknown).has_boundaries


def test_ordinary_added_tokens_are_control_tokens_too() -> None:
    tokenizer = gpt2()
    tokenizer.add_tokens([AddedToken("<tool_call>", special=False)])
    index = tokenizer.token_to_id("<tool_call>")
    assert index in tokenizer.encode("a<tool_call>b").ids
    tokenization = Tokenization(tokenizer)
    assert index in tokenization.control_tokens
    assert index not in tokenization.encode("a<tool_call>b").tolist()


def test_white_space_tokens_stay_text_and_forbid_boundaries() -> None:
    tokenizer = gpt2()
    tokenizer.add_tokens([AddedToken("\n\n", special=False, normalized=False)])
    tokenization = Tokenization(tokenizer)
    assert tokenizer.token_to_id("\n\n") in tokenization.encode("a\n\nb").tolist()
    assert not tokenization.has_boundaries


def test_no_space_is_put_before_the_text() -> None:
    tokenization, _ = family("sentence-piece")
    assert tokenization.encode("return").tolist() != tokenization.encode(" return").tolist()
    assert tokenization.decode(tokenization.encode("x").tolist()) == "x"


def test_the_cache_stays_bounded() -> None:
    tokenization = Tokenization(gpt2(), cached_characters=100)
    for number in range(200):
        tokenization.encode(f"line {number}\nanother {number}\n")
    assert len(tokenization._cache) < 50


def test_a_saved_tokenizer_loads() -> None:
    with tempfile.TemporaryDirectory() as folder:
        qwen2().save(str(Path(folder) / "tokenizer.json"))
        assert Tokenization.load(Path(folder)).has_boundaries


def test_the_real_default_model_in_pieces(default_model_directory: Path) -> None:
    tokenization = Tokenization.load(default_model_directory)
    source = Path(__file__).read_text(encoding="utf-8")
    assert tokenization.has_boundaries
    assert tokenization.encode(source).tolist() == whole(tokenization._tokenizer, source)
