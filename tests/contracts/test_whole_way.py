"""From an editor's edit to the model's scores, nothing drifts apart.

A state machine edits a document as an editor would (UTF-16 ranges, multi-byte text, CRLF,
undo), moves the cursor and lets the cache refresh now and then. After every step the document
equals an oracle string and the cache's tokens equal a fresh tokenisation of the prompt. After
a refresh to the end the model scores as after a fresh prefill: float32, within 1e-5 of the
largest score.
"""

from functools import cache as cached

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol.types import (
    Position,
    PositionEncodingKind,
    Range,
    TextDocumentContentChangePartial,
    TextDocumentItem,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from completion.budget import Window
from completion.layout import Prompt
from completion.prompting import PromptBuilder
from completion.settings import CompletionSettings
from completion.tokenization import Tokenization
from engine.cache.base import Proposal, run_to_end
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.cache.repair import WindowRepair
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import assemble_weights
from engine.protocol.messages import ModelDescription
from engine.types import never_interrupt
from lsp_server.documents import OpenDocument, OpenDocuments
from lsp_server.positions import PositionCodec
from tests.unit.engine.families import SMALL, make_transformers_model

NAME = "file:///work/a.py"
MARKERS = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
OTHER_CONTROLS = ["<|endoftext|>", "<|repo_name|>", "<|file_sep|>"]
TINY_WINDOW = CompletionSettings(prefix_tokens=120, suffix_tokens=80)
POLICY = WindowRepair(head_tokens=4, all_heads_tokens=6, cursor_tokens=4, end_tokens=2)
CORPUS = ["def add(one, two):\r\n    return one + two\n\n", "class A:\n\tname = 'é日本😀'\r\n"]
texts = st.lists(
    st.sampled_from(
        [
            "def ",
            "x",
            " = ",
            "\n",
            "\r\n",
            "    ",
            "\t",
            "é",
            "日本",
            "😀",
            "# ",
            "1",
            "\u2028",
            "\x0c",
        ]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)
long_texts = st.lists(texts, min_size=4, max_size=30).map("\n".join)


@cached
def tokenizer_json() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[*MARKERS, *OTHER_CONTROLS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 5, trainer)
    return tokenizer.to_str()


def fresh_tokenization() -> Tokenization:
    return Tokenization(Tokenizer.from_str(tokenizer_json()))


@cached
def decoder() -> Decoder:
    network = make_transformers_model("qwen2", SMALL | {"vocab_size": 320})
    configuration = decoder_configuration(network.config.to_dict())
    return Decoder(configuration, assemble_weights(network.state_dict(), configuration))


@cached
def builder() -> PromptBuilder:
    description = ModelDescription("tiny", "qwen2", "", 512, 320, "float32", "cpu", True, "")
    return PromptBuilder(description, fresh_tokenization(), "")


def new_cache() -> LiveCache:
    return LiveCache(CacheParts.of(decoder()), POLICY, slice_tokens=32)


def scores(cache: LiveCache) -> torch.Tensor:
    branches = cache.branch(1, 4)
    first = branches.first_logits(never_interrupt)
    return torch.stack([first, branches.step([Proposal(0, (100,))], never_interrupt)[0]])


class WholeWay(RuleBasedStateMachine):
    """One document, one cursor, one cache."""

    @initialize(text=long_texts)
    def open(self, text: str) -> None:
        self.codec = PositionCodec(PositionEncodingKind.Utf16)
        documents = OpenDocuments(self.codec)
        self.text = documents.open(TextDocumentItem(NAME, "python", 1, text)).text
        opened = documents.get(NAME)
        assert opened is not None
        self.opened: OpenDocument = opened
        self.undo_steps: list[tuple[int, int, str]] = []
        self.cursor = 0
        self.window: Window | None = None
        self.cache = new_cache()
        self._sync()

    @rule(data=st.data(), text=texts, length=st.integers(0, 15))
    def edit(self, data: st.DataObject, text: str, length: int) -> None:
        start = data.draw(st.integers(0, len(self.text)))
        stop = min(len(self.text), start + length)
        removed = self._edit(start, stop, text)
        self.undo_steps.append(removed)

    @rule(data=st.data())
    def type_at_the_cursor(self, data: st.DataObject) -> None:
        self._edit(self.cursor, self.cursor, data.draw(st.sampled_from("ab(\n é😀")))

    @rule()
    def undo(self) -> None:
        if self.undo_steps:
            start, stop, text = self.undo_steps.pop()
            if stop <= len(self.text):
                self._edit(start, stop, text)

    @rule(data=st.data())
    def move_cursor(self, data: st.DataObject) -> None:
        self.cursor = data.draw(st.integers(0, len(self.text)))
        self._sync()

    @rule(passes=st.integers(1, 3))
    def refresh_a_little(self, passes: int) -> None:
        for _ in zip(range(passes), self.cache.refresh(never_interrupt), strict=False):
            pass

    @rule()
    def refresh_to_the_end(self) -> None:
        for _ in self.cache.refresh(never_interrupt):
            pass
        fresh = new_cache()
        run_to_end(fresh.sync(self.cache.tokens, 0, never_interrupt))
        expected = scores(fresh)
        assert (scores(self.cache) - expected).abs().max() <= 1e-5 * expected.abs().max()

    @invariant()
    def document_equals_the_oracle(self) -> None:
        assert self.opened.document.text == self.text

    @invariant()
    def tokens_equal_a_fresh_tokenisation(self) -> None:
        tokenization = fresh_tokenization()
        assert self.window is not None
        before = self.text[self.window.start : self.cursor - len(self.held_back)]
        after = self.text[self.cursor : self.window.stop]
        prefix, suffix, middle = (tokenization.token_id(marker) for marker in MARKERS)
        oracle = Tokenizer.from_str(tokenizer_json())
        oracle.encode_special_tokens = True
        expected = [prefix, *oracle.encode(before).ids, suffix, *oracle.encode(after).ids, middle]
        assert self.cache.tokens.tolist() == expected

    def _edit(self, start: int, stop: int, text: str) -> tuple[int, int, str]:
        """Edit as an editor does, follow with the oracle, and return how to undo it."""
        start, stop = self._snapped(start), self._snapped(stop)
        change = TextDocumentContentChangePartial(
            Range(self._position(start), self._position(stop)), text
        )
        cursor = self.opened.apply([change], self.opened.document.version + 1)
        removed = self.text[start:stop]
        clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.text = self.text[:start] + clean + self.text[stop:]
        assert cursor == start + len(clean)
        self.cursor = cursor
        self._sync()
        return start, start + len(clean), removed

    def _snapped(self, offset: int) -> int:
        """No editor has a position between the two characters of a line break."""
        is_inside = offset > 0 and self.text[offset - 1 : offset + 1] == "\r\n"
        return offset - 1 if is_inside else offset

    def _position(self, offset: int) -> Position:
        return self.opened.position(offset)

    def _sync(self) -> None:
        built = builder().build(
            self.opened.document, self.cursor, TINY_WINDOW, 16, previous=self._valid_window()
        )
        self.window, self.held_back = built.window, built.held_back
        assert self.text[: self.cursor].endswith(self.held_back)
        prompt: Prompt = built.prompt
        run_to_end(self.cache.sync(prompt.tokens, prompt.cursor, never_interrupt))
        report = self.cache.last_sync
        assert report is not None
        assert report.kept + report.moved + report.encoded == report.prompt == len(prompt.tokens)

    def _valid_window(self) -> Window | None:
        window = self.window
        is_inside = window and window.start <= self.cursor <= window.stop <= len(self.text)
        return window if is_inside else None


WholeWay.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestWholeWay = WholeWay.TestCase


def test_a_marker_in_the_text_is_text() -> None:
    """A file that contains control tokens is tokenised as the characters it is made of."""
    tokenization = fresh_tokenization()
    tokens = tokenization.encode("a <|fim_middle|> b")
    assert tokenization.token_id("<|fim_middle|>") not in np.asarray(tokens).tolist()
