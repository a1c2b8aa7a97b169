"""UniXcoder's folder has the older layout: its tokens equal those of transformers' RoBERTa."""

import json
from pathlib import Path

import pytest
from tokenizers import ByteLevelBPETokenizer
from transformers import RobertaTokenizer

from engine.encoding.tokenization import TextTokenizer

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<encoder-only>"]
CODE = (
    "def read(path):\n    with open(path) as file:\n        return file.read()\n",
    "  leading spaces",
    "naïve = 'ä€😀'",
    "",
    "quotes </s> and <s>, too",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unixcoder")
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(
        CODE * 10, vocab_size=400, special_tokens=SPECIAL, show_progress=False
    )
    trainer.save_model(str(folder))
    (folder / "config.json").write_text(json.dumps({"model_type": "roberta"}))
    return folder


@pytest.mark.parametrize("text", [text for text in CODE if "<" not in text])
def test_tokens_equal_those_of_transformers(folder: Path, text: str) -> None:
    reference = RobertaTokenizer.from_pretrained(folder)
    words = reference.encode(text, add_special_tokens=False)
    found = TextTokenizer(folder, 512).tokens_of([text], keeps_end=False)[0]
    first, mode, second, last = (
        reference.convert_tokens_to_ids(word) for word in ("<s>", "<encoder-only>", "</s>", "</s>")
    )
    assert found == [first, mode, second, *words, last]


def test_a_quoted_control_token_is_text(folder: Path) -> None:
    (found,) = TextTokenizer(folder, 512).tokens_of([CODE[-1]], keeps_end=False)
    assert found.count(SPECIAL.index("<s>")) == 1
    assert found.count(SPECIAL.index("</s>")) == 2


def test_the_frame_counts_when_a_text_is_cut(folder: Path) -> None:
    tokenizer = TextTokenizer(folder, 10)
    for keeps_end in (False, True):
        (found,) = tokenizer.tokens_of([CODE[0]], keeps_end=keeps_end)
        assert len(found) == 10
        assert found[1] == SPECIAL.index("<encoder-only>")
