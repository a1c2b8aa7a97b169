"""A model that knows one text by heart and goes on with it, with a tokenizer but no tensors."""

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

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
from tests.unit.engine.doubles import WAIT_S, CacheDouble, ModelDouble


class KnowingModel(ModelDouble):
    """Writes what follows in `target`, if the text before the cursor is how that begins.

    `requests` are those that somebody waited for, `aheads` the others.
    """

    def __init__(self, directory: Path, target: str) -> None:
        super().__init__()
        self.tokenizer: Tokenizer = small_tokenizer()
        self.tokenizer.save(str(directory / "tokenizer.json"))
        self.description = replace(description(directory), name="knowing")
        self.target = target
        self.requests: list[GenerationRequest] = []
        self.aheads: list[GenerationRequest] = []
        self._ahead_ended = threading.Semaphore(0)

    def load(self, _: LoadProgress) -> LoadedModel:
        return LoadedModel(self, self.decode)  # type: ignore[arg-type]

    def wait_for_ahead(self) -> None:
        """Wait until what is written ahead is written, or was left."""
        assert self._ahead_ended.acquire(timeout=WAIT_S), "nothing was written ahead"

    def decode(
        self, cache: CacheDouble, request: GenerationRequest, checkpoint: Checkpoint
    ) -> Generator[tuple[GenerationEvent, ...], None, None]:
        (self.aheads if request.is_ahead else self.requests).append(request)
        try:
            for token in self.tokenizer.encode(self._following(cache)).ids:
                self.run_pass("decode", checkpoint)
                text = self.tokenizer.decode([token]).encode()
                yield (Piece(0, (token,), text, -0.5),)
            yield (Finished(0, FinishReason.END_OF_TEXT),)
        finally:
            if request.is_ahead:
                self._ahead_ended.release()

    def _following(self, cache: CacheDouble) -> str:
        ids = cache.tokens.tolist()
        markers = ("<|fim_prefix|>", "<|fim_suffix|>")
        start, stop = (ids.index(self.tokenizer.token_to_id(marker)) for marker in markers)
        before = self.tokenizer.decode(ids[start + 1 : stop])
        return self.target.removeprefix(before) if self.target.startswith(before) else ""
