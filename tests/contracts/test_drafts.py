"""Drafts change the speed and nothing else, on tiny models with random weights in float32."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal, run_to_end
from engine.cache.live import LiveCache
from engine.decoding.drafts.base import Drafter
from engine.decoding.drafts.costs import FixedCosts, LearnedCosts
from engine.decoding.drafts.drafter import LearningDrafter
from engine.decoding.generate import decode
from engine.decoding.vocabulary import Vocabulary
from engine.errors import SupersededError
from engine.protocol.messages import (
    Decoded,
    DecodeReport,
    Finished,
    GenerationEvent,
    GenerationRequest,
    Piece,
    Sampling,
)
from engine.tokens import TokenArray
from engine.types import Preempted, never_interrupt
from tests.contracts.test_live_cache import cache_maker, make_decoder, random_tokens, sync
from tests.unit.engine.drafting import garbage, oracle, twins
from tests.unit.engine.families import VOCABULARY_SIZE

PROMPT_TOKENS = 60
VOCABULARY = Vocabulary([bytes([32 + index]) for index in range(VOCABULARY_SIZE)], [0])
FAMILIES = ("qwen2", "mistral-sliding", "gemma3-sliding", "phi3-partial", "llama-yarn")
Texts = list[list[int]]
MakeDrafter = Callable[[Texts], Drafter]
DRAFTERS: dict[str, MakeDrafter] = {
    "right": lambda texts: oracle(texts, 4),
    "all right": lambda texts: oracle(texts, 15 // len(texts)),
    "garbage": lambda texts: garbage(VOCABULARY_SIZE, 15 // len(texts)),
    "twins": twins,
    "learning lines": lambda _: LearningDrafter(VOCABULARY, LearnedCosts((1.0,) * 16), 1),
    "learning trees": lambda _: LearningDrafter(VOCABULARY, FixedCosts((1.0,) * 16), 4),
}


@pytest.fixture(params=FAMILIES)
def cache(request: pytest.FixtureRequest) -> LiveCache:
    return synced_cache(request.param)


@pytest.fixture
def qwen_cache() -> LiveCache:
    return synced_cache("qwen2")


def synced_cache(family: str) -> LiveCache:
    made = cache_maker(make_decoder(family))()
    half = random_tokens(np.random.default_rng(1), PROMPT_TOKENS // 2)
    sync(made, np.concatenate([half, half]))
    return made


def request_for(cache: LiveCache, **changes: object) -> GenerationRequest:
    wanted = GenerationRequest("d", cache.tokens.tolist(), len(cache.tokens), max_tokens=24)
    return replace(wanted, **changes)


def events_of(
    cache: LiveCache,
    wanted: GenerationRequest,
    drafter: Drafter | None = None,
) -> list[GenerationEvent]:
    steps = decode(cache, wanted, VOCABULARY, never_interrupt, drafter=drafter)
    return [event for events in steps for event in events]


def report_of(events: Iterable[GenerationEvent]) -> DecodeReport:
    return [event.report for event in events if isinstance(event, Decoded)][-1]


def texts_of(events: Iterable[GenerationEvent], num_candidates: int) -> Texts:
    texts: Texts = [[] for _ in range(num_candidates)]
    for event in events:
        if isinstance(event, Piece):
            texts[event.candidate] += event.tokens
    return texts


def outcome(events: Iterable[GenerationEvent], candidate: int) -> list[object]:
    """Return what one candidate has said and how it ended, without times."""
    return [e for e in events if isinstance(e, Piece | Finished) and e.candidate == candidate]


def but_for_rounding(outcome: Iterable[object]) -> list[object]:
    """Return what equals `outcome`, however its probabilities were rounded."""
    return [
        replace(e, logprob=pytest.approx(e.logprob, abs=1e-3)) if isinstance(e, Piece) else e
        for e in outcome
    ]


def assert_same_with_drafts(
    cache: LiveCache,
    wanted: GenerationRequest,
    make: MakeDrafter,
) -> tuple[DecodeReport, DecodeReport]:
    plain = events_of(cache, wanted)
    drafter = make(texts_of(plain, wanted.num_candidates))
    drafted = events_of(cache, wanted, drafter)
    for candidate in range(wanted.num_candidates):
        assert outcome(drafted, candidate) == but_for_rounding(outcome(plain, candidate))
    return report_of(plain), report_of(drafted)


@pytest.mark.parametrize("name", sorted(DRAFTERS))
def test_greedy_text_is_the_same(cache: LiveCache, name: str) -> None:
    """Token for token, whatever was drafted."""
    assert_same_with_drafts(cache, request_for(cache), DRAFTERS[name])


@pytest.mark.parametrize("name", sorted(DRAFTERS))
@pytest.mark.parametrize("family", ["qwen2", "mistral-sliding"])
def test_sampled_texts_are_the_same(family: str, name: str) -> None:
    """Each candidate has its own random numbers, and drafts use none of them up."""
    cache = synced_cache(family)
    wanted = request_for(cache, num_candidates=3, sampling=Sampling(1.0, 0.95, seed=3))
    assert_same_with_drafts(cache, wanted, DRAFTERS[name])


@pytest.mark.parametrize("name", sorted(DRAFTERS))
def test_constraints_stops_and_lengths_cut_drafts(qwen_cache: LiveCache, name: str) -> None:
    """At every length, at every stop and under every constraint, in the middle of drafts."""
    [text] = texts_of(events_of(qwen_cache, request_for(qwen_cache)), 1)
    said = b"".join(map(VOCABULARY.token_bytes, text))
    wishes = [
        *(request_for(qwen_cache, max_tokens=length) for length in (1, 2, 3, 4, 7)),
        *(request_for(qwen_cache, stops=(said[at : at + 3],)) for at in (0, 1, 4, 9)),
        request_for(qwen_cache, forced_text=b"forced_by_us", stops=(b"by", b"!")),
        request_for(qwen_cache, continuations=(said[:4] + b"x", said[:3] + b"YES", b"another")),
        request_for(qwen_cache, forced_text=said[:5], continuations=(b"name", b"namesake", b")")),
    ]
    for wanted in wishes:
        assert_same_with_drafts(qwen_cache, wanted, DRAFTERS[name])


def test_right_drafts_save_passes_and_are_counted(cache: LiveCache) -> None:
    plain, drafted = assert_same_with_drafts(cache, request_for(cache), DRAFTERS["all right"])
    assert plain.drafted == plain.accepted == 0
    assert plain.passes == plain.tokens - 1
    assert drafted.passes < plain.passes / 2
    assert drafted.accepted == plain.passes - drafted.passes
    assert drafted.drafted >= drafted.accepted
    assert drafted.tokens == plain.tokens


def test_a_request_without_drafts_gets_none(qwen_cache: LiveCache) -> None:
    wanted = request_for(qwen_cache, drafts=False)
    [text] = texts_of(events_of(qwen_cache, wanted), 1)
    assert report_of(events_of(qwen_cache, wanted, oracle([text], 4))).drafted == 0


def test_forced_text_is_drafted(qwen_cache: LiveCache) -> None:
    """It is known, so it takes few passes however unlikely the model finds it."""
    wanted = request_for(qwen_cache, forced_text=b"forced_by_us", max_tokens=12)
    _, drafted = assert_same_with_drafts(qwen_cache, wanted, DRAFTERS["learning trees"])
    assert drafted.accepted >= 9


def test_the_previous_suggestion_is_drafted_after_an_edit(qwen_cache: LiveCache) -> None:
    """Asked again for what it said before, a model needs a third of the passes."""
    drafter = LearningDrafter(VOCABULARY)
    wanted = request_for(qwen_cache)
    first, second = (report_of(events_of(qwen_cache, wanted, drafter)) for _ in range(2))
    assert second.passes <= max(first.passes, 9) / 3


@pytest.mark.parametrize("num_candidates", [1, 3])
def test_every_node_is_scored_as_if_written_alone(cache: LiveCache, num_candidates: int) -> None:
    """Whatever was kept and dropped before, by it or by others."""
    generator = np.random.default_rng(7)
    branches = cache.branch(num_candidates, 40, 40)
    branches.first_logits(never_interrupt)
    kept: Texts = [[] for _ in range(num_candidates)]
    for _ in range(5):
        chosen = generator.permutation(num_candidates)[: generator.integers(1, num_candidates + 1)]
        proposals = [random_tree(generator, int(candidate)) for candidate in chosen]
        scores = branches.step(proposals, never_interrupt)
        ways = [
            [*kept[proposal.candidate], *way(proposal, node)]
            for proposal in proposals
            for node in range(len(proposal.tokens))
        ]
        assert_close(scores, torch.stack([score_alone(cache, tokens) for tokens in ways]))
        for proposal in proposals:
            path = [0]
            if generator.random() < 0.8:
                path = path_to(proposal, int(generator.integers(0, len(proposal.tokens))))
                branches.keep(proposal.candidate, path)
            kept[proposal.candidate] += [proposal.tokens[node] for node in path]


def test_an_interrupted_step_leaves_no_trace(cache: LiveCache) -> None:
    branches = cache.branch(1, 20, 20)
    branches.first_logits(never_interrupt)
    branches.step([Proposal(0, (5, 6, 7, 8), (0, 0, 1, 1))], never_interrupt)
    branches.keep(0, [0, 1, 3])
    calls = 0

    def interrupt_in_the_middle() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Preempted

    again = [Proposal(0, (9, 10, 11), (0, 0, 0))]
    with pytest.raises(Preempted):
        branches.step([Proposal(0, (20, 21, 22, 23), (0, 0, 1, 2))], interrupt_in_the_middle)
    scores = branches.step(again, never_interrupt)
    expected = [score_alone(cache, [5, 6, 8, *rest]) for rest in ([9], [9, 10], [9, 11])]
    assert_close(scores, torch.stack(expected))


def test_a_changed_document_ends_drafts_and_is_not_written_to(qwen_cache: LiveCache) -> None:
    """What was kept for a text that is void must not move rows of the new prompt."""
    branches = qwen_cache.branch(1, 20, 20)
    branches.first_logits(never_interrupt)
    branches.step([Proposal(0, (5, 6, 7), (0, 0, 0))], never_interrupt)
    branches.keep(0, [0, 2])
    longer: TokenArray = np.append(qwen_cache.tokens, [9] * 10).astype(np.int32)
    run_to_end(qwen_cache.sync(longer, len(longer), never_interrupt))
    before = qwen_cache.arena.keys[:, :, : len(longer)].clone()
    with pytest.raises(SupersededError):
        branches.step([Proposal(0, (5,))], never_interrupt)
    assert torch.equal(qwen_cache.arena.keys[:, :, : len(longer)], before)


@pytest.mark.parametrize(
    ("tokens", "parents"), [((1, 2), (0,)), ((1,), (1,)), ((1, 2, 3), (0, 0, 2)), ((), ())]
)
def test_what_is_no_tree_is_refused(tokens: tuple[int, ...], parents: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="earlier node"):
        Proposal(0, tokens, parents)


def random_tree(generator: np.random.Generator, candidate: int) -> Proposal:
    size = int(generator.integers(1, 7))
    tokens = tuple(generator.integers(3, VOCABULARY_SIZE, size).tolist())
    parents = (0, *(int(generator.integers(0, node)) for node in range(1, size)))
    return Proposal(candidate, tokens, parents)


def path_to(proposal: Proposal, node: int) -> list[int]:
    path = [node]
    while path[0]:
        path.insert(0, proposal.parents[path[0]])
    return path


def way(proposal: Proposal, node: int) -> list[int]:
    return [proposal.tokens[each] for each in path_to(proposal, node)]


def score_alone(cache: LiveCache, tokens: Iterable[int]) -> Tensor:
    """Write tokens one by one in a branch of their own, without changing the cache."""
    branches = cache.copy().branch(1, 60)
    branches.first_logits(never_interrupt)
    return [branches.step([Proposal(0, (token,))], never_interrupt)[0] for token in tokens][-1]


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()
