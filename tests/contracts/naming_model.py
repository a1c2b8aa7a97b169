"""A model whose answer names the text that it is for, so that a wrong text shows at once."""

import zlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from engine.decoding.vocabulary import Vocabulary
from engine.protocol.messages import (
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Piece,
)
from engine.service.host import LoadProgress
from engine.service.steps import LoadedModel
from engine.types import Checkpoint
from tests.unit.completion.fakes import description, small_tokenizer
from tests.unit.engine.doubles import CacheDouble, ModelDouble


def name_of(before: str, after: str) -> str:
    """What the model writes between these texts: one word, another one for any other texts."""
    text = f"{before}\x00{after}"
    return f"k{zlib.crc32(text.encode()):08x}"


class NamingModel(ModelDouble):
    """Reads its cache back into text. Keeps no notes, so that it may serve for long."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.tokenizer = small_tokenizer()
        self.tokenizer.save(str(directory / "tokenizer.json"))
        self._vocabulary = Vocabulary.from_file(directory / "tokenizer.json")
        self.description = replace(description(directory), name="naming")

    def load(self, _: LoadProgress) -> LoadedModel:
        return LoadedModel(self, self.decode)  # type: ignore[arg-type]

    def decode(
        self, cache: CacheDouble, request: GenerationRequest, checkpoint: Checkpoint
    ) -> Generator[tuple[GenerationEvent, ...], None, None]:
        before, after = self._texts_around_cursor(cache)
        forced = request.forced_text.decode()
        for token in self.tokenizer.encode(forced + name_of(before + forced, after)).ids:
            self.run_pass("decode", checkpoint)
            yield (Piece(0, (token,), self._vocabulary.token_bytes(token), -0.5),)
        yield (Finished(0, FinishReason.END_OF_TEXT),)

    def run_pass(self, kind: str, checkpoint: Checkpoint) -> None:
        super().run_pass(kind, checkpoint)
        self.passes.clear()
        self.chunks.clear()

    def _texts_around_cursor(self, cache: CacheDouble) -> tuple[str, str]:
        ids = cache.tokens.tolist()
        names = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
        first, second, third = (ids.index(self.tokenizer.token_to_id(name)) for name in names)
        before, after = ids[first + 1 : second], ids[second + 1 : third]
        return self.tokenizer.decode(before), self.tokenizer.decode(after)
