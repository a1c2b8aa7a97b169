"""A tiny model, and cases made by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from completion.families import LEFT_TO_RIGHT, QWEN_CODER
from completion.layout import Layout
from completion.tokenization import Tokenization
from engine.cache.parts import CacheParts
from engine.decoding.vocabulary import Vocabulary
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import assemble_weights
from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt
from evaluation.decoding.lines import LineReader
from evaluation.fidelity.case import FILL_IN, PREFIX, Case, State
from evaluation.fidelity.prompts import Prompter
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_network, make_transformers_model

TEXT = "".join(f"def add_{name}(left, right):\n    return left + right\n" for name in "abcdefgh")
NUM_LETTERS = 97
LINE_END, END_OF_TEXT = 10, 2


def make_parts(family: str = "qwen2", dtype: torch.dtype = torch.float32) -> CacheParts:
    return parts_of(make_network(family), dtype)


def parts_of(network: torch.nn.Module, dtype: torch.dtype = torch.float32) -> CacheParts:
    configuration = decoder_configuration(network.config.to_dict())  # type: ignore[union-attr,operator]
    tensors = {name: tensor.detach().to(dtype) for name, tensor in network.state_dict().items()}
    return CacheParts.of(Decoder(configuration, assemble_weights(tensors, configuration)))


def letters() -> LineReader:
    """A vocabulary of single letters, with a line end and an end of text."""
    tokens = [bytes([33 + index]) for index in range(NUM_LETTERS)]
    tokens[LINE_END] = b"\n"
    return LineReader(Vocabulary(tokens, {END_OF_TEXT}))


def random_tokens(generator: np.random.Generator, length: int) -> TokenArray:
    return generator.integers(11, NUM_LETTERS, length).astype(np.int32)


def prompt_of(tokens: TokenArray) -> Prompt:
    return Prompt(tokens, len(tokens), "")


def small_prompter() -> Prompter:
    tokenization = Tokenization(small_tokenizer())
    return Prompter(Layout(QWEN_CODER, tokenization), tokenization)


def left_to_right_prompter() -> Prompter:
    tokenization = Tokenization(small_tokenizer())
    return Prompter(Layout(LEFT_TO_RIGHT, tokenization), tokenization)


def small_reader(folder: Path) -> LineReader:
    file = folder / "tokenizer.json"
    small_tokenizer().save(str(file))
    return LineReader(Vocabulary.from_file(file))


def small_parts(**more: int) -> CacheParts:
    """A model for the tokens of `small_prompter`, with more in its configuration."""
    size = small_tokenizer().get_vocab_size()
    return parts_of(make_transformers_model("qwen2", SMALL | {"vocab_size": size} | more))


def insertion(key: str = "insertion", package: str = "pack 1", kind: str = "related") -> Case:
    """Two lines come in between, the cursor stays at the end."""
    at = TEXT.index("def add_d")
    edited = TEXT[:at] + "def add_x(left):\n    return left\n" + TEXT[at:]
    states = (State(TEXT, len(TEXT)), State(edited, len(edited)))
    return case(key, kind, package, layout=PREFIX, states=states, target="print(add(1, 2))")


def typing(key: str = "typing", package: str = "pack 2") -> Case:
    """A line is typed in the middle, in two steps."""
    at = TEXT.index("def add_d")
    texts = [TEXT[:at] + typed + TEXT[at:] for typed in ("", "if x", "if x == 1:\n    ")]
    states = tuple(State(text, at + len(text) - len(TEXT)) for text in texts)
    return case(key, "typing", package, layout=FILL_IN, states=states, target="print(x)")


def case(
    key: str, kind: str, package: str, *, layout: str, states: Sequence[State], target: str
) -> Case:
    return Case(
        key=key,
        kind=kind,
        package=package,
        language="python",
        path="add.py",
        layout=layout,
        states=tuple(states),
        target=target,
        prompt_tokens=128,
    )
