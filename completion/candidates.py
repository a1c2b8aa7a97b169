"""Candidates as they are written: text, cost and the moment when enough is there."""

from dataclasses import dataclass, field, replace

from completion.confidence import LineOdds
from completion.indentation import with_indentation_of
from completion.scope import find_end
from completion.syntax import Place
from completion.trimming import Trimmed, complete_text, trim, with_newlines_of
from completion.types import Candidate, EmptyReason
from completion.wholeness import whole_part
from engine.protocol.messages import Finished, FinishReason, Piece


@dataclass(slots=True)
class Draft:
    """One candidate while it is written."""

    data: bytearray = field(default_factory=bytearray)
    num_tokens: int = 0
    logprob: float = 0.0
    first_line: LineOdds = field(default_factory=LineOdds)
    has_ended: bool = False
    is_cut_short: bool = True  # until it ends by itself or by syntax
    is_cancelled: bool = False  # by the engine, which went away

    def end(self) -> None:
        """Take nothing more."""
        self.has_ended = True
        self.is_cut_short = False

    def cut(self, num_bytes: int) -> None:
        """Forget what comes after the first bytes, and take nothing more."""
        del self.data[num_bytes:]
        self.has_ended = True
        self.is_cut_short = True


class Drafts:
    """All candidates of one request.

    Args:
        place: The code around the cursor.
        num_candidates: At least 1.
        forced_text: What every candidate begins with.
        control_tokens: Tokens that are no text; they end a candidate.
    """

    def __init__(
        self, place: Place, num_candidates: int, forced_text: str, control_tokens: frozenset[int]
    ) -> None:
        self._place = place
        self._forced_text = forced_text
        self._forced_bytes = forced_text.encode("utf-8", errors="replace")
        self._control_tokens = control_tokens
        self._drafts = [Draft() for _ in range(num_candidates)]
        self.num_generated = 0

    @property
    def are_complete(self) -> bool:
        """Tell whether nothing more is worth waiting for."""
        return all(draft.has_ended for draft in self._drafts)

    @property
    def are_whole(self) -> bool:
        """Tell whether each was written until nothing more was wanted of it."""
        return all(draft.has_ended and not draft.is_cancelled for draft in self._drafts)

    @property
    def num_candidates(self) -> int:
        """How many there are."""
        return len(self._drafts)

    def has_ended(self, candidate: int) -> bool:
        """Tell whether nothing more is taken of a candidate."""
        return self._drafts[candidate].has_ended

    def has_ended_by_itself(self, candidate: int) -> bool:
        """Tell whether the model ended a candidate, so that its last word is whole."""
        draft = self._drafts[candidate]
        return draft.has_ended and not draft.is_cut_short and not self._reaches_end(draft)

    def written(self, candidate: int) -> str:
        """Return the text of a candidate, without a character that is not whole yet."""
        return complete_text(bytes(self._drafts[candidate].data))

    def cut(self, candidate: int, kept: str) -> None:
        """End a candidate after `kept`, with which it begins."""
        self._drafts[candidate].cut(len(kept.encode()))

    def restart(self, candidate: int) -> None:
        """Forget a candidate, which is written anew."""
        self._drafts[candidate] = Draft()

    def take(self, event: Piece | Finished) -> None:
        """Note more text, or the end, of one candidate."""
        draft = self._drafts[event.candidate]
        if isinstance(event, Piece):
            self.num_generated += len(event.tokens)
        if draft.has_ended:
            return
        if isinstance(event, Finished):
            draft.has_ended = True
            draft.is_cut_short = event.reason in {FinishReason.LENGTH, FinishReason.CANCELLED}
            draft.is_cancelled = event.reason is FinishReason.CANCELLED
        else:
            self._add(draft, event)

    def _add(self, draft: Draft, event: Piece) -> None:
        if self._control_tokens.intersection(event.tokens):
            draft.end()
            return
        draft.data += event.text
        draft.num_tokens += len(event.tokens)
        draft.logprob += event.logprob
        self._weigh(draft, event)
        if self._reaches_end(draft):
            draft.end()

    def _weigh(self, draft: Draft, event: Piece) -> None:
        """Note how likely a piece was, if it belongs to the first line and was not forced."""
        own = bytes(draft.data)[len(self._forced_bytes) :]
        before = own[: len(own) - len(event.text)]
        if own and b"\n" not in before.lstrip():
            draft.first_line = draft.first_line.with_piece(event.logprob, len(event.tokens))

    def candidates(self) -> tuple[tuple[Candidate, ...], EmptyReason]:
        """Return the distinct usable candidates, best first, and the reason if there is none.

        The first one written is greedy and stays first; the others follow by likelihood.
        """
        greedy, *sampled = [(self._trimmed(draft), draft) for draft in self._drafts]
        sampled.sort(key=lambda pair: -_mean_logprob(pair[1]))
        distinct: dict[str, Candidate] = {}
        for trimmed, draft in (greedy, *sampled):
            if trimmed.text and trimmed.text not in distinct:
                distinct[trimmed.text] = Candidate(
                    trimmed.text,
                    draft.num_tokens,
                    _mean_logprob(draft),
                    draft.first_line,
                )
        return tuple(distinct.values()), greedy[0].reason or EmptyReason.NOTHING_TO_SAY

    def _reaches_end(self, draft: Draft) -> bool:
        text = complete_text(bytes(draft.data)).replace("\r\n", "\n")
        end = find_end(self._place, text, len(self._forced_text), is_whole=False)
        return end is not None

    def _trimmed(self, draft: Draft) -> Trimmed:
        text = complete_text(bytes(draft.data)).replace("\r\n", "\n")
        if draft.is_cut_short:
            text = whole_part(text, self._place, self._forced_text)
        trimmed = trim(text, self._place, self._forced_text)
        indented = with_indentation_of(self._place, trimmed.text, len(self._forced_text))
        if indented == trimmed.text:
            return trimmed
        return trim(indented, self._place, self._forced_text)  # it may repeat lines only now


def for_document(text: str, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return `candidates` as they are inserted into a document of this `text`."""
    return tuple(replace(each, text=with_newlines_of(text, each.text)) for each in candidates)


def _mean_logprob(draft: Draft) -> float:
    return draft.logprob / max(1, draft.num_tokens)
