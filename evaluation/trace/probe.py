"""How far a cache's answer is from that of a full recompute."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from completion.layout import Prompt
from engine.cache.base import DocumentCache, run_to_end
from engine.decoding.generate import decode
from engine.protocol.messages import GenerationRequest, Piece
from engine.types import never_interrupt
from evaluation.trace.document import MAX_TOKENS
from evaluation.trace.model import TraceModel


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says after a prompt.

    Attributes:
        log_probabilities: (V,), float64, of the next token.
        tokens: Of the greedy completion, to the end of the line.
    """

    log_probabilities: NDArray[np.float64]
    tokens: tuple[int, ...]

    def divergence_from(self, truth: "Answer") -> float:
        """Return the Kullback-Leibler divergence of the next token from `truth`, in nats."""
        difference = truth.log_probabilities - self.log_probabilities
        return float(np.sum(np.exp(truth.log_probabilities) * difference))


def recomputed(model: TraceModel, prompt: Prompt) -> Answer:
    """Read the whole prompt from nothing and answer."""
    cache = model.model.new_cache()
    run_to_end(cache.sync(prompt.tokens, prompt.cursor, never_interrupt))
    return answer_of(model, cache, prompt)


def answer_of(model: TraceModel, cache: DocumentCache, prompt: Prompt) -> Answer:
    """Answer after a cache that holds the prompt; leaves it as it is."""
    scores = cache.branch(1, MAX_TOKENS).first_logits(never_interrupt)
    log_probabilities = scores.double().log_softmax(-1).numpy(force=True)
    tokens = prompt.tokens.tolist()
    request = GenerationRequest("trace", tokens, prompt.cursor, MAX_TOKENS, stops=(b"\n",))
    steps = decode(cache, request, model.vocabulary, never_interrupt)
    pieces = (event for events in steps for event in events if isinstance(event, Piece))
    return Answer(log_probabilities, tuple(token for piece in pieces for token in piece.tokens))
