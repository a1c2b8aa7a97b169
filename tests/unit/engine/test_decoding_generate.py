"""Whole texts, written by a model whose scores are a known function of what it has read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal
from engine.decoding.generate import decode
from engine.decoding.token_index import NAME_BYTES
from engine.decoding.vocabulary import Vocabulary
from engine.errors import EngineError, SupersededError
from engine.protocol.messages import (
    Decoded,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Piece,
    Sampling,
)
from engine.types import Cancelled, Checkpoint, never_interrupt

TEXTS = (*(bytes([byte]) for byte in range(256)), b"foo", b"foo(x", b".foo", b" = 1\n\nx", b"end")
END = TEXTS.index(b"end")
VOCABULARY = Vocabulary(TEXTS, control_ids=[END])

ScoreFunction = Callable[[tuple[int, ...]], Tensor]


@dataclass
class ModelDouble:
    """A cache whose branches score with a function of the tokens written so far."""

    score: ScoreFunction
    passes: list[list[int]] = field(default_factory=list)  # candidates in each pass
    written: list[tuple[int, ...]] = field(default_factory=list)

    takes_drafts = True

    def branch(self, num_candidates: int, max_tokens: int, max_drafts: int) -> "ModelDouble":
        assert max_tokens > 0
        self.written = [()] * num_candidates
        self.max_drafts = max_drafts
        self.nodes: dict[int, list[tuple[int, ...]]] = {}
        return self

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        self._begin_pass(list(range(len(self.written))), checkpoint)
        return self.score(())

    def step(self, proposals: Sequence[Proposal], checkpoint: Checkpoint) -> Tensor:
        self._begin_pass([proposal.candidate for proposal in proposals], checkpoint)
        assert sum(len(proposal.tokens) - 1 for proposal in proposals) <= self.max_drafts
        for proposal in proposals:
            ways = [(*self.written[proposal.candidate], proposal.tokens[0])]
            for token, parent in zip(proposal.tokens[1:], proposal.parents[1:], strict=True):
                ways.append((*ways[parent], token))
            self.nodes[proposal.candidate] = ways
        return torch.stack([self.score(way) for p in proposals for way in self.nodes[p.candidate]])

    def keep(self, candidate: int, path: Sequence[int]) -> None:
        self.written[candidate] = self.nodes[candidate][path[-1]]

    def _begin_pass(self, candidates: list[int], checkpoint: Checkpoint) -> None:
        self.passes.append(candidates)
        checkpoint()


def writes(*tokens: bytes | int) -> ScoreFunction:
    """Score so that greedy decoding gives these tokens, one after the other."""
    script = [token if isinstance(token, int) else TEXTS.index(token) for token in tokens]

    def score(written: tuple[int, ...]) -> Tensor:
        logits = torch.zeros(len(TEXTS))
        logits[script[len(written) % len(script)]] = 10.0
        return logits

    return score


def random_scores(written: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(hash(written) % 2**31)
    return torch.randn(len(TEXTS), generator=generator) * 3


def request(max_tokens: int = 8, **changes: object) -> GenerationRequest:
    return GenerationRequest(document="d", tokens=(1,), cursor=1, max_tokens=max_tokens, **changes)


def run(score: ScoreFunction, wanted: GenerationRequest) -> list[GenerationEvent]:
    steps = decode(ModelDouble(score), wanted, VOCABULARY, never_interrupt)
    return [event for events in steps for event in written_events(events)]


def written_events(events: Iterable[GenerationEvent]) -> tuple[GenerationEvent, ...]:
    """Return all but reports, which hold times."""
    return tuple(event for event in events if not isinstance(event, Decoded))


def text_of(events: Iterable[GenerationEvent], candidate: int = 0) -> bytes:
    return b"".join(
        event.text for event in events if isinstance(event, Piece) and event.candidate == candidate
    )


def tokens_of(events: Iterable[GenerationEvent], candidate: int = 0) -> list[int]:
    pieces = [event for event in events if isinstance(event, Piece)]
    return [token for piece in pieces if piece.candidate == candidate for token in piece.tokens]


def reasons_of(events: Iterable[GenerationEvent]) -> dict[int, FinishReason]:
    return {event.candidate: event.reason for event in events if isinstance(event, Finished)}


def test_greedy_text_comes_token_by_token_until_the_end_token() -> None:
    """The end token ends the text and is no part of it."""
    model = ModelDouble(writes(b"foo", b"(", b"x", b")", END))
    steps = list(decode(model, request(), VOCABULARY, never_interrupt))
    assert [text_of(events) for events in steps] == [b"foo", b"(", b"x", b")", b""]
    assert written_events(steps[-1]) == (Finished(0, FinishReason.END_OF_TEXT),)
    assert len(model.passes) == 5


def test_stops_at_max_tokens_without_another_pass() -> None:
    model = ModelDouble(writes(b"a"))
    events = [e for step in decode(model, request(3), VOCABULARY, never_interrupt) for e in step]
    assert (text_of(events), reasons_of(events)) == (b"aaa", {0: FinishReason.LENGTH})
    assert len(model.passes) == 3


def test_no_tokens_wanted_is_no_pass() -> None:
    events = run(writes(b"a"), request(0, num_candidates=2))
    assert events == [Finished(0, FinishReason.LENGTH), Finished(1, FinishReason.LENGTH)]


def test_stop_within_a_token_cuts_it() -> None:
    events = run(writes(b"foo", b" = 1\n\nx"), request(stops=(b"\n\n",)))
    assert (text_of(events), reasons_of(events)) == (b"foo = 1", {0: FinishReason.STOP})
    assert tokens_of(events) == [TEXTS.index(b"foo"), TEXTS.index(b" = 1\n\nx")]


def test_stop_over_several_tokens_is_held_back() -> None:
    model = ModelDouble(writes(b"a", b"\n", b"d", b"e", b"f", b" "))
    steps = decode(model, request(stops=(b"\ndef ",)), VOCABULARY, never_interrupt)
    pieces = [text_of(events) for events in steps]
    assert pieces == [b"a", b"", b"", b"", b"", b""]


@pytest.mark.parametrize(
    ("last", "max_tokens", "reason"),
    [(b"x", 3, FinishReason.LENGTH), (END, 8, FinishReason.END_OF_TEXT)],
)
def test_held_back_text_is_delivered_if_the_text_ends_otherwise(
    last: bytes | int, max_tokens: int, reason: FinishReason
) -> None:
    """Nothing the model said before its end is lost."""
    wanted = request(max_tokens, stops=(b"\ndxyz",))
    events = run(writes(b"\n", b"d", last), wanted)
    assert text_of(events) == (b"\nd" if last == END else b"\ndx")
    assert reasons_of(events) == {0: reason}
    assert events[-2] == Piece(0, (), text_of(events), 0.0)


def test_pieces_may_split_a_character() -> None:
    model = ModelDouble(writes(b"\xc3", b"\xa9", END))
    steps = [text_of(events) for events in decode(model, request(), VOCABULARY, never_interrupt)]
    assert steps == [b"\xc3", b"\xa9", b""]


def test_ties_go_to_the_lowest_id() -> None:
    events = run(lambda _: torch.zeros(len(TEXTS)), request(1))
    assert tokens_of(events) == [0]


def test_logprob_is_the_models_own() -> None:
    """Neither temperature nor mask nor top-p has a part in it."""
    wanted = request(
        5, num_candidates=3, sampling=Sampling(temperature=0.3, top_p=0.8), forced_text=b"foo("
    )
    events = run(random_scores, wanted)
    for candidate in range(3):
        written: tuple[int, ...] = ()
        for event in events:
            if isinstance(event, Piece) and event.candidate == candidate and event.tokens:
                expected = random_scores(written).log_softmax(-1)[event.tokens[0]]
                assert event.logprob == pytest.approx(float(expected), abs=1e-5)
                written += event.tokens
        assert written


def test_several_candidates_share_each_pass_and_leave_when_finished() -> None:
    def score(written: tuple[int, ...]) -> Tensor:
        """After an even first byte comes the end, after an odd one more of the same."""
        logits = torch.full((len(TEXTS),), -float("inf"))
        if not written:
            logits[:256] = 0.0
        else:
            logits[END if written[0] % 2 == 0 else written[0]] = 0.0
        return logits

    model = ModelDouble(score)
    wanted = request(4, num_candidates=6, sampling=Sampling(temperature=1, seed=1))
    events = [e for step in decode(model, wanted, VOCABULARY, never_interrupt) for e in step]
    odd = [candidate for candidate in range(6) if tokens_of(events, candidate)[0] % 2]
    assert 0 < len(odd) < 6
    assert model.passes == [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], odd, odd]
    assert set(reasons_of(events)) == set(range(6))


def test_the_first_of_several_is_greedy_and_the_others_are_reproducible() -> None:
    wanted = request(6, num_candidates=3, sampling=Sampling(temperature=2, seed=4))
    first, second = run(random_scores, wanted), run(random_scores, wanted)
    assert first == second
    assert tokens_of(first, 0) == tokens_of(run(random_scores, request(6)))
    assert tokens_of(first, 1) != tokens_of(first, 2)


def test_a_candidate_does_not_depend_on_how_many_there_are() -> None:
    few = run(random_scores, request(num_candidates=2, sampling=Sampling(1.5, seed=9)))
    many = run(random_scores, request(num_candidates=5, sampling=Sampling(1.5, seed=9)))
    assert tokens_of(few, 1) == tokens_of(many, 1)


def test_a_single_candidate_follows_the_sampling() -> None:
    texts = {
        tuple(tokens_of(run(random_scores, request(sampling=Sampling(2, seed=seed)))))
        for seed in range(5)
    }
    assert len(texts) == 5


@pytest.mark.parametrize("forced", ["foo(x, y)", "größe = '日本語😀'\n"])
def test_every_candidate_begins_with_the_forced_text(forced: str) -> None:
    wanted = request(
        60, num_candidates=3, sampling=Sampling(temperature=3), forced_text=forced.encode()
    )
    events = run(random_scores, wanted)
    for candidate in range(3):
        assert text_of(events, candidate).startswith(forced.encode())


def test_a_token_may_go_beyond_the_forced_text() -> None:
    events = run(writes(b"foo(x", END), request(forced_text=b"foo"))
    assert tokens_of(events) == [TEXTS.index(b"foo(x")]


def test_a_stop_within_the_forced_text_does_not_count() -> None:
    wanted = request(40, forced_text=b"if a:\n  b", stops=(b"\n",))
    script = [bytes([byte]) for byte in b"if a:\n  b()\nc"]
    events = run(writes(*script), wanted)
    assert (text_of(events), reasons_of(events)) == (b"if a:\n  b()", {0: FinishReason.STOP})


def test_the_forced_text_is_not_ended_by_an_end_token() -> None:
    events = run(writes(END), request(forced_text=b"ab"))
    assert (text_of(events), reasons_of(events)) == (b"ab", {0: FinishReason.END_OF_TEXT})


def test_continuations_hold_for_every_candidate() -> None:
    wanted = request(
        12,
        num_candidates=4,
        sampling=Sampling(temperature=5),
        forced_text=b"d.",
        continuations=(b"count", b"copy", b"index"),
    )
    events = run(random_scores, wanted)
    for candidate in range(4):
        text = text_of(events, candidate)
        assert text.startswith((b"d.count", b"d.copy", b"d.index"))
        following = text.removeprefix(b"d.").lstrip(b"abcdefghijklmnopqrstuvwxyz")
        assert following[0] not in NAME_BYTES


def test_a_token_may_cross_into_a_continuation() -> None:
    """What counts is the text: `.foo` is a dot and an allowed name."""
    wanted = request(4, forced_text=b"d.", continuations=(b"foo", b"bar"))
    events = run(writes(b"d", b".foo", b"(", END), wanted)
    assert tokens_of(events) == [TEXTS.index(text) for text in (b"d", b".foo", b"(")]


def test_a_token_that_crosses_into_something_else_is_forbidden() -> None:
    wanted = request(6, forced_text=b"d.", continuations=(b"bar", b"fo"))
    assert text_of(run(writes(b"d", b".foo"), wanted)).startswith((b"d.bar", b"d.fo"))


@pytest.mark.parametrize("continuation", [b"count", "größe".encode(), "日本".encode()])
def test_a_text_may_end_after_a_continuation(continuation: bytes) -> None:
    wanted = request(20, forced_text=b"d.", continuations=(continuation, continuation + b"er"))
    events = run(writes(END), wanted)
    assert (text_of(events), reasons_of(events)) == (
        b"d." + continuation,
        {0: FinishReason.END_OF_TEXT},
    )


def test_a_stop_within_forced_text_does_not_count_under_continuations_either() -> None:
    wanted = request(20, forced_text=b"a\nb.", continuations=(b"cd",), stops=(b"\n",))
    events = run(writes(*(bytes([byte]) for byte in b"a\nb.cd\n")), wanted)
    assert (text_of(events), reasons_of(events)) == (b"a\nb.cd", {0: FinishReason.STOP})


def test_nothing_allowed_ends_the_text() -> None:
    """Better a short text than one that was forbidden."""
    texts = (b"a", b"in", b"end")
    logits = torch.zeros(len(texts))
    steps = decode(
        ModelDouble(lambda _: logits),
        request(forced_text=b"in", continuations=(b"dex", b"ner")),
        Vocabulary(texts, control_ids=[2]),
        never_interrupt,
    )
    events = [event for events in steps for event in events]
    assert (text_of(events), reasons_of(events)) == (b"in", {0: FinishReason.STOP})


def test_allowed_only_where_the_model_says_never_ends_the_text() -> None:
    def score(_: tuple[int, ...]) -> Tensor:
        logits = torch.zeros(len(TEXTS))
        logits[TEXTS.index(b"a")] = -float("inf")
        return logits

    assert reasons_of(run(score, request(forced_text=b"a"))) == {0: FinishReason.STOP}


def test_ids_past_the_vocabulary_end_the_text() -> None:
    """Models often score more ids than the tokenizer has."""
    logits = torch.zeros(len(TEXTS) + 10)
    logits[-1] = 1.0
    assert run(lambda _: logits, request()) == [Finished(0, FinishReason.END_OF_TEXT)]
    assert text_of(run(lambda _: logits, request(forced_text=b"ab"))) == b"ab"


def test_scores_that_are_not_numbers_are_an_error() -> None:
    def score(written: tuple[int, ...]) -> Tensor:
        return torch.full((len(TEXTS),), float("nan") if len(written) == 2 else 0.0)

    steps = decode(ModelDouble(score), request(), VOCABULARY, never_interrupt)
    next(steps)
    next(steps)
    with pytest.raises(EngineError, match="finite number"):
        next(steps)


@pytest.mark.parametrize("num_passes", [0, 1, 3])
def test_interruption_passes_through(num_passes: int) -> None:
    """The checkpoint is asked in every pass, the first one too."""
    model = ModelDouble(writes(b"a"))

    def checkpoint() -> None:
        if len(model.passes) > num_passes:
            raise Cancelled

    steps = decode(model, request(), VOCABULARY, checkpoint)
    for _ in range(num_passes):
        next(steps)
    with pytest.raises(Cancelled):
        next(steps)


def test_a_cache_that_changed_passes_its_error_on() -> None:
    model = ModelDouble(writes(b"a"))
    steps = decode(model, request(), VOCABULARY, never_interrupt)
    next(steps)

    def refuse(*_: object) -> Tensor:
        raise SupersededError("changed")

    model.step = refuse
    with pytest.raises(SupersededError):
        next(steps)


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (request(num_candidates=0), "0 candidates"),
        (request(stops=(b"x", b"")), "stop strings is empty"),
        (request(sampling=Sampling(temperature=-2)), "-2"),
    ],
)
def test_senseless_requests_are_errors(wanted: GenerationRequest, named: str) -> None:
    with pytest.raises(EngineError, match=named):
        run(writes(b"a"), wanted)


def test_scores_may_come_from_inference_mode_and_are_not_changed() -> None:
    with torch.inference_mode():
        logits = random_scores(())
        before = logits.clone()
    run(lambda _: logits, request(num_candidates=3, forced_text=b"foo", sampling=Sampling(1)))
    assert np.array_equal(logits.numpy(), before.numpy())
