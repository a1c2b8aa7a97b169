"""The served model as a reward model: how well it foresees the truth with a chunk in its prompt."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from completion.layout import Layout, PromptParts
from completion.tokenization import Tokenization
from engine.cache.parts import CacheParts
from engine.decoding.vocabulary import Vocabulary
from engine.tokens import TokenArray
from retrieval.training.token_weights import token_weights, weighted_mean
from retrieval.training.types import Context, Sample
from retrieval.types import Chunk
from warmline.languages import language_of
from warmline.training.packed_prompts import truth_losses

PROMPT_VERSION = 1
"""Of everything here that decides what a prompt is; other prompts have other losses."""

_GPU_PROMPTS = 32  # in one pass
_CHARACTERS_PER_TOKEN = 16  # more than code ever has over many lines


@dataclass(frozen=True, slots=True)
class PromptLimits:
    """Most tokens of each part; short, since a reward costs what its prompt is long.

    Attributes:
        before: Of the text before the cursor, whole lines from its end.
        after: Of the text after it, whole lines from its start, where the model reads it.
        chunk: Of a candidate, whole lines from its start.
        truth: Of what belongs at the cursor.
    """

    before: int = 288
    after: int = 64
    chunk: int = 192
    truth: int = 32


class ServedRewards:
    """A `RewardModel` that asks the model which also writes the suggestions.

    A prompt is laid out as it is for suggestions; every second sample, by its key, without the
    text after the cursor, since a ranker serves models that do not read it too. On a processor
    each prompt is a pass of its own, so that what else is asked cannot change how sums are rounded.

    Args:
        parts: Of the model.
        layout: Of its family.
        tokenization: Its tokenizer.
        vocabulary: Says what each token is.
        weights: A hash of its weights.
        limits: How long prompts are.

    Attributes:
        identity: See `RewardModel`.
        limits: How long prompts are.
    """

    def __init__(
        self,
        parts: CacheParts,
        layout: Layout,
        tokenization: Tokenization,
        vocabulary: Vocabulary,
        *,
        weights: str,
        limits: PromptLimits | None = None,
    ) -> None:
        self._parts = parts
        self._layout = layout
        self._tokenization = tokenization
        self._vocabulary = vocabulary
        left_to_right = replace(layout.family, prefix="", suffix="", middle="")
        self._left_layout = Layout(left_to_right, tokenization)
        self.limits = limits or PromptLimits()
        number_format = str(parts.decoder.dtype).removeprefix("torch.")
        device = parts.decoder.device.type
        self.identity = f"{weights} {number_format} {device} {self.limits} {PROMPT_VERSION}"
        self._prompts_at_once = 1 if device == "cpu" else _GPU_PROMPTS

    def losses(self, sample: Sample, contexts: Sequence[Context]) -> tuple[float, ...]:
        """See `RewardModel.losses`."""
        truth = self._tokenization.encode(sample.truth)[: self.limits.truth]
        weights = token_weights([self._vocabulary.token_bytes(int(token)) for token in truth])
        prompts = [self.prompt(sample, context) for context in contexts]
        step = self._prompts_at_once
        batches = (prompts[start : start + step] for start in range(0, len(prompts), step))
        rows = (row for batch in batches for row in truth_losses(self._parts, batch, truth))
        return tuple(weighted_mean(row.double().numpy(), weights) for row in rows)

    def prompt(self, sample: Sample, context: Context) -> TokenArray:
        """Return what the model reads, (L,)."""
        place = sample.place
        chunks = (self._cut(context),) if context else ()
        layout = self._layout if _has_suffix(sample) else self._left_layout
        lead = layout.leading_text(chunks)
        parts = PromptParts(
            before=self._last_lines(lead + place.text[: place.offset], self.limits.before),
            after=self._first_lines(place.text[place.offset :], self.limits.after),
            path=place.path,
            language=language_of(Path(place.path)),
            repository_name=sample.repository,
            chunks=chunks,
        )
        return layout.lay_out(parts).tokens

    def _cut(self, chunk: Chunk) -> Chunk:
        lines = self._fitting(chunk.text.splitlines(keepends=True), self.limits.chunk)
        return replace(chunk, text="".join(lines))

    def _last_lines(self, text: str, limit: int) -> TokenArray:
        """Return the tokens of the last whole lines; of a very long line those of its end."""
        lines = text[-limit * _CHARACTERS_PER_TOKEN :].splitlines(keepends=True)
        kept = self._fitting(lines[::-1], limit)[::-1] or lines[-1:]
        return self._tokenization.encode("".join(kept))[-limit:]

    def _first_lines(self, text: str, limit: int) -> TokenArray:
        lines = text[: limit * _CHARACTERS_PER_TOKEN].splitlines(keepends=True)
        return self._tokenization.encode("".join(self._fitting(lines, limit)))

    def _fitting(self, lines: Sequence[str], limit: int) -> list[str]:
        """Return the leading lines that have at most so many tokens, each counted by itself."""
        sizes = accumulate(len(self._tokenization.encode(line)) for line in lines)
        return [line for line, size in zip(lines, sizes, strict=True) if size <= limit]


def _has_suffix(sample: Sample) -> bool:
    return zlib.crc32(sample.key.encode("utf-8", "surrogatepass")) % 2 == 0
