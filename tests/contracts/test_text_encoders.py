"""Vectors of texts equal those of transformers' own model, pooled by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModel

from engine.encoding.configuration import encoder_identity
from engine.encoding.encoder import BATCH_TOKENS, TransformerEncoder
from engine.errors import ModelFileError
from engine.types import Cancelled
from tests.unit.engine.tiny_encoders import FAMILIES, MAX_TOKENS, WORDS, write_encoder

TEXTS = ["a b c", "z", "", "the b q c a [SEP] x", "k " * 9, "c b a", "a " * 70]
NewFolder = Callable[..., Path]


@pytest.fixture
def new_folder(tmp_path: Path) -> NewFolder:
    """Return a maker of encoder folders with random weights."""
    return lambda family="bert": write_encoder(tmp_path / family, family)


def ids_of(text: str, limit: int = MAX_TOKENS) -> list[int]:
    """Tokenise by hand: whole letters are known, everything else is not."""
    words = [WORDS.index(w) if w in WORDS[4:] else 3 for w in _split(text)]
    return [1, *words[: limit - 2], 2]


def _split(text: str) -> list[str]:
    return text.replace("[", " [ ").replace("]", " ] ").split()


@torch.inference_mode()
def pooled_by_transformers(folder: Path, texts: list[str]) -> np.ndarray:
    """One text at a time, so that nothing is padded."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    hidden = [model(torch.tensor([ids_of(text)])).last_hidden_state[0] for text in texts]
    return functional.normalize(torch.stack([each.mean(0) for each in hidden])).numpy()


def load(folder: Path) -> TransformerEncoder:
    return TransformerEncoder.load(folder, device="cpu", storage_type="float32")


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_equal_transformers_own(new_folder: NewFolder, family: str) -> None:
    folder = new_folder(family)
    expected = pooled_by_transformers(folder, TEXTS)
    found = load(folder).encode(TEXTS)
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(expected[0] - expected[5]).max() > 0.01  # the order of words counts


def test_neighbours_in_a_batch_do_not_matter(new_folder: NewFolder) -> None:
    encoder = load(new_folder())
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.abs(together - backwards).max() < 1e-5
    assert np.abs(together - alone).max() < 1e-5


def test_many_texts_go_in_batches_of_bounded_size(new_folder: NewFolder) -> None:
    encoder = load(new_folder())
    texts = [("a b c d e f g h i j " * (number % 4)).strip() for number in range(200)]
    batches = encoder.batches(texts, keeps_end=False)
    assert sorted(place for batch in batches for place in batch.places) == list(range(200))
    for batch in batches:
        assert len(batch.places) * max(map(len, batch.tokens)) <= BATCH_TOKENS
    assert len(batches) > 1


def test_long_texts_are_cut_at_their_end_or_their_beginning(new_folder: NewFolder) -> None:
    encoder = load(new_folder())
    long = "a b c " * 20 + "x y z " * 20
    kept = MAX_TOKENS - 2
    beginning, end = long.split()[:kept], long.split()[-kept:]
    as_chunk, as_query = encoder.encode([long]), encoder.encode([long], keeps_end=True)
    assert np.abs(as_chunk - encoder.encode([" ".join(beginning)])).max() < 1e-6
    assert np.abs(as_query - encoder.encode([" ".join(end)])).max() < 1e-6
    assert np.abs(as_chunk - as_query).max() > 0.01


def test_a_text_that_quotes_a_control_token_is_that_text(new_folder: NewFolder) -> None:
    encoder = load(new_folder())
    (batch,) = encoder.batches(["a [SEP] b"], keeps_end=False)
    assert batch.tokens == (ids_of("a [SEP] b"),)
    assert batch.tokens[0].count(2) == 1  # the one that ends the text


def test_an_encoder_is_told_where_sentence_transformers_stops_reading(
    new_folder: NewFolder,
) -> None:
    folder = new_folder()
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 6}')
    (batch,) = load(folder).batches(["a b c d e f g"], keeps_end=False)
    assert batch.tokens == (ids_of("a b c d e f g", limit=6),)


def test_the_first_token_stands_for_the_text_where_the_folder_says_so(
    new_folder: NewFolder,
) -> None:
    folder = new_folder()
    (folder / "1_Pooling").mkdir()
    said = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(said))
    model = AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        hidden = model(torch.tensor([ids_of("a b c")])).last_hidden_state
    expected = functional.normalize(hidden[:, 0]).numpy()
    assert np.abs(load(folder).encode(["a b c"]) - expected).max() < 1e-5


def test_weights_in_the_older_file_give_the_same_vectors(new_folder: NewFolder) -> None:
    """With the model's name in front of each tensor, as many have it."""
    folder = new_folder("roberta")
    expected = load(folder).encode(TEXTS)
    model = AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    state = {f"roberta.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save(state, folder / "pytorch_model.bin")
    assert np.array_equal(load(folder).encode(TEXTS), expected)


def test_a_file_of_weights_that_would_run_code_is_refused(new_folder: NewFolder) -> None:
    folder = new_folder()
    (folder / "model.safetensors").unlink()
    torch.save({"weights": _Hostile()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelFileError, match=r"pytorch_model\.bin cannot be read"):
        load(folder)


class _Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("code of a file of weights was run",))


def test_a_batch_can_be_left_between_two_layers(new_folder: NewFolder) -> None:
    encoder = load(new_folder())
    (batch,) = encoder.batches(["a b c"], keeps_end=False)
    calls = []

    def leave_at_second() -> None:
        calls.append(None)
        if len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoder.encode_batch(batch, leave_at_second)
    assert np.abs(encoder.encode_batch(batch) - encoder.encode(["a b c"])).max() == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.json", '{"model_type": "llama"}', "'llama', which is no encoder"),
        ("config.json", '{"model_type": "bert"}', "lacks 'num_hidden_layers'"),
        ("config.json", "[]", "holds no object"),
        ("config.json", "no json", "cannot be read"),
        ("tokenizer.json", "no json", "tokenizer of the encoder .* cannot be read"),
        ("model.safetensors", "no tensors", r"weights .*model\.safetensors cannot be read"),
        ("modules.json", '[{"type": "sentence_transformers.models.Dense"}]', "the part 'Dense'"),
        ("1_Pooling/config.json", '{"pooling_mode_max_tokens": true}', "pools by max_tokens"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_in_one_sentence(
    new_folder: NewFolder, name: str, content: str, reason: str
) -> None:
    folder = new_folder()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)
    with pytest.raises(ModelFileError, match=reason) as caught:
        load(folder)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_narrow_numbers_give_almost_the_same_vectors(new_folder: NewFolder) -> None:
    folder = new_folder()
    narrow = TransformerEncoder.load(folder, device="cpu", storage_type="bfloat16")
    wide = load(folder)
    cosines = (narrow.encode(TEXTS) * wide.encode(TEXTS)).sum(1)
    assert cosines.min() > 0.99
    assert narrow.num_bytes * 2 == wide.num_bytes


def test_other_weights_have_another_identity(new_folder: NewFolder) -> None:
    folder = new_folder()
    before = encoder_identity(folder)
    assert encoder_identity(folder) == before
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert encoder_identity(folder) != before
