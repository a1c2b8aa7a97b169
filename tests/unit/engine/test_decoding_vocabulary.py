"""The bytes of tokens are those the tokenizers library decodes to."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from engine.decoding.vocabulary import Vocabulary
from engine.errors import ModelFileError, UnsupportedModelError

SAMPLE = 'def größe(x):\n\treturn "naïve 日本語 😀"  # ok\r\n'


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([SAMPLE] * 3, trainer)
    return tokenizer


def sentence_piece() -> Tokenizer:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [*"▁defgrxtun(:", "de", "def", "▁def", "▁▁", "▁<PRE>", "▁<EOT>"]
    merges = [("d", "e"), ("de", "f"), ("▁", "def"), ("▁", "▁")]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: index for index, piece in enumerate(pieces)},
            merges=merges,
            unk_token="<unk>",  # noqa: S106 - a token, but not that kind
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def load(tokenizer: Tokenizer, directory: Path, **files: object) -> Vocabulary:
    tokenizer.save(str(directory / "tokenizer.json"))
    for name, content in files.items():
        (directory / f"{name}.json").write_text(json.dumps(content))
    return Vocabulary.from_file(directory / "tokenizer.json")


@pytest.fixture(scope="module", params=[byte_level, sentence_piece])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tokenizer, Vocabulary]:
    tokenizer = request.param()
    return tokenizer, load(tokenizer, tmp_path_factory.mktemp("tokenizer"))


# no "<": the tokenizers here take written markers for control tokens, which have no text
ordinary_text = st.text(st.characters(exclude_characters="▁<", codec="utf-8"), max_size=30)


@given(text=ordinary_text | st.just(SAMPLE))
def test_bytes_of_tokens_make_up_the_text(pair: tuple[Tokenizer, Vocabulary], text: str) -> None:
    """Holds for every text: characters, and bytes where there is no token for a character."""
    tokenizer, vocabulary = pair
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    assert b"".join(map(vocabulary.token_bytes, tokens)).decode() == text


def test_all_bytes_are_there_once(pair: tuple[Tokenizer, Vocabulary]) -> None:
    _, vocabulary = pair
    texts = [vocabulary.token_bytes(token) for token in range(vocabulary.size)]
    assert {bytes([byte]) for byte in range(256)} <= set(texts)


def test_special_tokens_have_no_bytes_and_end_the_text(tmp_path: Path) -> None:
    tokenizer = byte_level()
    vocabulary = load(tokenizer, tmp_path)
    end = tokenizer.token_to_id("<|endoftext|>")
    assert vocabulary.end_ids == {end}
    assert vocabulary.is_control(end)
    assert vocabulary.token_bytes(end) == b""


def test_markers_of_sentence_piece_vocabularies_are_control(tmp_path: Path) -> None:
    tokenizer = sentence_piece()
    vocabulary = load(tokenizer, tmp_path)
    control = ["<unk>", "<s>", "</s>", "▁<PRE>", "▁<EOT>"]
    assert vocabulary.end_ids == {tokenizer.token_to_id(piece) for piece in control}


@pytest.mark.parametrize(
    "marker",
    ["<|fim_middle|>", "<\uff5cfim▁hole\uff5c>", "<|repo_name|>", "[PAD151665]", "<unused7>"],
)
def test_markers_are_control_even_if_not_called_special(tmp_path: Path, marker: str) -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken(marker, special=False)])
    vocabulary = load(tokenizer, tmp_path)
    assert vocabulary.is_control(tokenizer.token_to_id(marker))


@pytest.mark.parametrize(
    "text", ["<table>", "<||>", "|>", "\n\n", "<tool_call>", "[PAD]", "é\n", "日本"]
)
def test_other_added_tokens_are_text(tmp_path: Path, text: str) -> None:
    """They come from documents as they are, so the model may write them too."""
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False)])
    vocabulary = load(tokenizer, tmp_path)
    token = tokenizer.token_to_id(text)
    assert not vocabulary.is_control(token)
    assert vocabulary.token_bytes(token) == text.encode()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("generation_config", {"eos_token_id": [0, 70]}),
        ("generation_config", {"eos_token_id": 70}),
        ("config", {"eos_token_id": 70}),
        ("tokenizer_config", {"eos_token": "added"}),
        ("tokenizer_config", {"eos_token": {"content": "added"}}),
    ],
)
def test_configured_ends_are_control(tmp_path: Path, file: str, content: dict[str, object]) -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken("added", special=False)])
    end = 70 if "eos_token_id" in content else tokenizer.token_to_id("added")
    assert not load(tokenizer, tmp_path).is_control(end)
    vocabulary = load(tokenizer, tmp_path, **{file: content})
    assert end in vocabulary.end_ids
    assert vocabulary.token_bytes(end) == b""


def test_configured_end_outside_the_vocabulary_is_left_out(tmp_path: Path) -> None:
    vocabulary = load(byte_level(), tmp_path, config={"eos_token_id": 999_999})
    assert max(vocabulary.end_ids) < vocabulary.size
    assert vocabulary.is_control(999_999)


def test_ids_without_a_token_are_control(tmp_path: Path) -> None:
    content = {
        "decoder": {"type": "ByteLevel"},
        "added_tokens": [],
        "model": {"vocab": {"a": 0, "b": 2}},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    vocabulary = Vocabulary.from_file(tmp_path / "tokenizer.json")
    assert vocabulary.size == 3
    assert vocabulary.end_ids == {1}
    assert vocabulary.is_control(3)
    assert vocabulary.token_bytes(3) == b""


def test_unigram_pieces_are_read(tmp_path: Path) -> None:
    content = {
        "decoder": {"type": "Metaspace"},
        "added_tokens": [],
        "model": {"vocab": [["▁a", -1.5], ["é", -2.0]]},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    vocabulary = Vocabulary.from_file(tmp_path / "tokenizer.json")
    assert [vocabulary.token_bytes(token) for token in range(2)] == [b" a", "é".encode()]


def test_other_decoders_are_refused(tmp_path: Path) -> None:
    tokenizer = byte_level()
    tokenizer.decoder = decoders.WordPiece()
    with pytest.raises(UnsupportedModelError, match="WordPiece"):
        load(tokenizer, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"decoder": 3}', "\ud800"])
def test_damaged_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(ModelFileError, match=r"tokenizer\.json"):
        Vocabulary.from_file(path)


def test_damaged_neighbour_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"generation_config\.json"):
        load(byte_level(), tmp_path, generation_config=[1])


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nowhere\.json"):
        Vocabulary.from_file(tmp_path / "nowhere.json")
