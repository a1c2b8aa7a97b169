"""Tiny encoders with random weights, in folders as hubs lay them out."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModel

# Tiny products gain nothing from a second thread, and wait for it where other programs run.
torch.set_num_threads(1)

WORDS = ["<pad>", "[CLS]", "[SEP]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz"]
MAX_TOKENS = 32
SMALL: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": MAX_TOKENS,
    "initializer_range": 0.5,  # so that texts differ by more than rounding
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("bert", {}),
    "bert-tanh": ("bert", {"hidden_act": "gelu_new"}),
    "roberta": ("roberta", {"max_position_embeddings": MAX_TOKENS + 1, "pad_token_id": 0}),
    "xlm-roberta": ("xlm-roberta", {"max_position_embeddings": MAX_TOKENS + 1, "pad_token_id": 0}),
}


def write_encoder(folder: Path, family: str = "bert") -> Path:
    """Write an encoder of one of `FAMILIES`; the same weights each time."""
    model_type, changes = FAMILIES[family]
    torch.manual_seed(7)
    config = AutoConfig.for_model(model_type, **(SMALL | changes))
    AutoModel.from_config(config).eval().save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.add_special_tokens(["[CLS]", "[SEP]"])
    tokenizer.enable_padding(length=200)  # as all-MiniLM-L6-v2 does; it must not count
    tokenizer.enable_truncation(4)
    tokenizer.save(str(folder / "tokenizer.json"))
