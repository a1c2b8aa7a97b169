"""One text being written: what it may say next, what it has said, and when it ends."""

from engine.decoding.constraint import TokenConstraint
from engine.decoding.sampling import Chooser, Scores, choose_among, log_normaliser
from engine.decoding.stops import StopFilter
from engine.decoding.vocabulary import Vocabulary
from engine.protocol.messages import Decoded, Finished, FinishReason, Piece

Events = tuple[Decoded | Piece | Finished, ...]


class Candidate:
    """Turns scores into tokens, and tokens into events, until it is finished.

    `tokens` are those chosen so far; the model has still to read the last of them. `constraint`
    is what is to be obeyed after them.
    """

    def __init__(
        self,
        index: int,
        *,
        vocabulary: Vocabulary,
        choose: Chooser,
        stops: StopFilter,
        constraint: TokenConstraint,
        max_tokens: int,
    ) -> None:
        self.index = index
        self.tokens: list[int] = []
        self.is_finished = False
        self._vocabulary = vocabulary
        self._choose = choose
        self._stops = stops
        self.constraint = constraint
        self._max_tokens = max_tokens

    def advance(self, logits: Scores) -> Events:
        """Choose the next token and say what became of it.

        Shapes:
            logits: (V,), float32, the model's own.

        Raises:
            EngineError: If the model's scores are not numbers.
        """
        normaliser = log_normaliser(logits)
        token = self._choose_allowed(logits)
        if token is None:
            return self.finish(FinishReason.STOP)
        if self._vocabulary.is_control(token):
            return self.finish(FinishReason.END_OF_TEXT)
        return self._accept(token, float(logits[token]) - normaliser)

    def finish(self, reason: FinishReason) -> Events:
        """End here, giving out what was held back."""
        self.is_finished = True
        held = self._stops.flush()
        rest = (Piece(self.index, (), held, 0.0),) if held else ()
        return (*rest, Finished(self.index, reason))

    def _choose_allowed(self, logits: Scores) -> int | None:
        allowed = self.constraint.allowed()
        if allowed is None:
            return self._choose(logits)
        return choose_among(self._choose, logits, allowed)

    def _accept(self, token: int, logprob: float) -> Events:
        self.tokens.append(token)
        self.constraint = self.constraint.advance(token)
        text, is_stopped = self._stops.feed(self._vocabulary.token_bytes(token))
        piece = Piece(self.index, (token,), text, logprob)
        if is_stopped:
            return (piece, *self.finish(FinishReason.STOP))
        if len(self.tokens) == self._max_tokens:
            return (piece, *self.finish(FinishReason.LENGTH))
        return (piece,)
