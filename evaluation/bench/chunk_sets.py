"""Prompts whose pieces of other files are all exchanged, in front of a text that stays."""

from collections.abc import Iterator
from itertools import pairwise

from completion.layout import Layout, PromptParts
from completion.tokenization import Tokenization
from evaluation.bench.scenarios import Prompt, Step, cut_in_line, cut_to
from retrieval.chunking import chunks_of
from retrieval.types import Chunk

NEW_KIND, MET_KIND = "chunk-new", "chunk-set"
CHUNK_KINDS = (NEW_KIND, MET_KIND)
CHUNK_SHARE = 0.3
"""Of the prompt."""

ChunkSet = tuple[Chunk, ...]


def chunk_history(
    text: str,
    other_text: str,
    *,
    prompt_tokens: int,
    repeats: int,
    layout: Layout,
    tokenization: Tokenization,
) -> Iterator[Step]:
    """Yield exchanges of all chunks: for some that were never met, then for those of before.

    Those of before come back in another order, so that nothing is again as it was.

    Args:
        text: The document, cut to what chunks leave of the prompt; the cursor is at its end.
        other_text: Chunks are made of it.
        prompt_tokens: About how long prompts are.
        repeats: How often each kind is done; fewer if there is too little other text.
        layout: Of the model's family.
        tokenization: Of the model.
    """
    num_tokens = round(CHUNK_SHARE * prompt_tokens)
    document = cut_in_line(cut_to(text, prompt_tokens - num_tokens, tokenization))
    sets = list(_chunk_sets(other_text, repeats + 1, num_tokens, tokenization))
    now = _prompt(document, sets[0], layout, tokenization)
    for repeat, (met, new) in enumerate(pairwise(sets)):
        for kind, chunks in ((NEW_KIND, new), (MET_KIND, met[::-1])):
            then = _prompt(document, chunks, layout, tokenization)
            yield Step(kind, repeat, now, then)
            now = then


def _prompt(document: str, chunks: ChunkSet, layout: Layout, tokenization: Tokenization) -> Prompt:
    before = tokenization.encode(layout.leading_text(chunks) + document)
    nothing = tokenization.encode("")
    parts = PromptParts(before, nothing, path="document.py", language="python", chunks=chunks)
    laid_out = layout.lay_out(parts)
    return Prompt(laid_out.tokens, laid_out.cursor, document, chunks=laid_out.chunks)


def _chunk_sets(
    text: str, num_sets: int, most_tokens: int, tokenization: Tokenization
) -> Iterator[ChunkSet]:
    """Share chunks out, in order, to sets of at most so many tokens; the last one is not full."""
    chosen: list[Chunk] = []
    num_tokens = 0
    for chunk in chunks_of("other.py", text):
        size = len(tokenization.encode(chunk.text))
        if num_tokens + size > most_tokens:
            yield tuple(chosen)
            num_sets -= 1
            chosen, num_tokens = [], 0
        if not num_sets:
            return
        chosen.append(chunk)
        num_tokens += size
