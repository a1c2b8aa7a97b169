"""A document that stays as it is, behind pieces of other files that do not.

The pieces are those that share words with the last lines before the cursor, the best one nearest
to the document, as a retriever would have them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.fidelity.case import REPOSITORY, State
from evaluation.fidelity.cases.code_file import indentation_of
from evaluation.fidelity.cases.drafts import Draft, Spot
from retrieval.types import Chunk

CHUNK_SHARE = 0.4
"""Of the prompt, for pieces of other files."""
_FEWEST_CHUNKS = 2
_MOST_FOUND = 60
_QUERY_LINES = 20


@dataclass(frozen=True, slots=True)
class _Scene:
    """A document, its cursor, and what is found for it.

    Attributes:
        text, cursor: The document.
        best: What fits into the prompt, best first.
        others: What comes next in the search and fits likewise; perhaps little.
    """

    text: str
    cursor: int
    best: tuple[Chunk, ...]
    others: tuple[Chunk, ...]

    def state(self, chunks: Sequence[Chunk]) -> State:
        """Return the document behind chunks, the first of which stands nearest."""
        return State(self.text, self.cursor, tuple(reversed(chunks)))


def exchange_one(spot: Spot, generator: random.Random) -> Draft | None:
    """Let the best piece that is not in the prompt give its place to one that is better."""
    scene = _scene(spot)
    if scene is None or not scene.others:
        return None
    before = list(scene.best)
    before[generator.randrange(len(before))] = scene.others[0]
    return _draft(scene, spot, before)


def reorder(spot: Spot, generator: random.Random) -> Draft | None:
    """Put the pieces in another order."""
    scene = _scene(spot)
    if scene is None:
        return None
    before = list(scene.best)
    while before == list(scene.best):
        generator.shuffle(before)
    return _draft(scene, spot, before)


def exchange_all(spot: Spot, _generator: random.Random) -> Draft | None:
    """Let all pieces give way to better ones that were read before, for other documents."""
    scene = _scene(spot)
    if scene is None or len(scene.others) < _FEWEST_CHUNKS:
        return None
    return replace(_draft(scene, spot, scene.others), are_chunks_met=True)


def _draft(scene: _Scene, spot: Spot, before: Sequence[Chunk]) -> Draft:
    line = spot.file.lines[spot.line].rstrip("\n")
    states = (scene.state(before), scene.state(scene.best))
    return Draft(REPOSITORY, states, line[len(indentation_of(line)) :])


def _scene(spot: Spot) -> _Scene | None:
    """Look around a spot; None if its file or the rest of the package are too small."""
    chunk_tokens = round(CHUNK_SHARE * spot.prompt_tokens)
    window = replace(spot, prompt_tokens=spot.prompt_tokens - chunk_tokens).window()
    if window is None:
        return None
    lines = spot.file.lines
    written = [line for line in lines[window.start : spot.line] if line.strip()]
    query = "".join(written[-_QUERY_LINES:])
    found = spot.package.chunks_like(query, spot.file.path, _MOST_FOUND)
    best = _fitted(spot, found, chunk_tokens)
    if len(best) < _FEWEST_CHUNKS:
        return None
    before = "".join(lines[window.start : spot.line]) + indentation_of(lines[spot.line])
    text = before + "\n" + "".join(lines[spot.line + 1 : window.stop])
    others = _fitted(spot, found[len(best) :], chunk_tokens)
    return _Scene(text, len(before), best, others)


def _fitted(spot: Spot, chunks: Sequence[Chunk], most_tokens: int) -> tuple[Chunk, ...]:
    """Return leading chunks that have at most so many tokens together."""
    fitted, num_tokens = [], 0
    for chunk in chunks:
        num_tokens += spot.package.num_tokens(chunk.text)
        if num_tokens > most_tokens:
            break
        fitted.append(chunk)
    return tuple(fitted)
