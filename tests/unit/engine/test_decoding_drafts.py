"""Where drafts come from, which of them are worth a pass, and what is learned from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from engine.decoding.drafts.acceptance import DEFAULT_RATE, MEMORY, Acceptance
from engine.decoding.drafts.base import MAX_DRAFTS, Evidence
from engine.decoding.drafts.costs import BFLOAT16_PASS_COSTS, FixedCosts, LearnedCosts, pass_costs
from engine.decoding.drafts.drafter import LearningDrafter
from engine.decoding.drafts.forced import Forced
from engine.decoding.drafts.lookup import MAX_MATCH, Lookup
from engine.decoding.drafts.planning import Root, plan
from engine.decoding.drafts.previous import (
    MAX_DOCUMENTS,
    SUGGESTIONS_PER_DOCUMENT,
    PreviousSuggestions,
)
from engine.decoding.drafts.recycling import RecycledTokens, Recycling
from engine.decoding.generate import decode
from engine.decoding.vocabulary import Vocabulary
from engine.model.likeliest import likeliest
from engine.protocol.messages import Decoded, DecodeReport, GenerationRequest, Sampling
from engine.types import never_interrupt
from tests.unit.engine.drafting import garbage
from tests.unit.engine.test_decoding_generate import (
    TEXTS,
    VOCABULARY,
    ModelDouble,
    random_scores,
    request,
    tokens_of,
)

EVENLY = (1.0,) * (MAX_DRAFTS + 1)
IN_PROPORTION = tuple(float(size) for size in range(1, MAX_DRAFTS + 2))


def lookup(material: Sequence[int], before: Sequence[int], room: int = 0) -> Lookup:
    return Lookup("text", np.array(material, dtype=np.int32), before, room)


def tokens_after(source: Any, written: Sequence[int]) -> list[int]:
    return [guess.token for guess in source.guesses(written)]


def test_lookup_prefers_the_longer_match_then_the_later() -> None:
    source = lookup([1, 2, 3, 50, 9, 3, 51, 2, 3, 52, 9, 3, 53], [7])
    assert tokens_after(source, [1, 2, 3]) == [50]
    assert tokens_after(source, [2, 3]) == [52, 50]
    assert tokens_after(source, [8, 3]) == [53, 52]


def test_lookup_says_how_long_the_match_is() -> None:
    same = list(range(30))
    strengths = [
        lookup([*same, 99], []).guesses(same[-length:])[0].evidence.strength
        for length in (1, 2, MAX_MATCH, MAX_MATCH + 5)
    ]
    assert strengths == [1, 2, MAX_MATCH, MAX_MATCH]


def test_lookup_goes_on_from_the_text_before() -> None:
    assert tokens_after(lookup([4, 5, 6, 7, 5, 6, 8], [3, 4, 5]), [6]) == [7]


@pytest.mark.parametrize("material", [[], [5], [5, 5, 5], [6, 5]])
def test_lookup_at_the_edges_of_its_material(material: list[int]) -> None:
    """The end of the material has nothing after it."""
    expected = [5] if material == [5, 5, 5] else []
    assert tokens_after(lookup(material, [5]), []) == expected
    assert tokens_after(lookup(material, []), []) == []


def test_what_is_written_becomes_material_while_there_is_room() -> None:
    source = lookup([1, 2], [1, 2], room=3)
    source.accept([7, 8])
    source.accept([9, 7, 10, 11])
    assert tokens_after(source, [7]) == [8]
    assert tokens_after(source, [9]) == []  # there was no room for what followed


@pytest.mark.parametrize("size", [5, 700, 1024, 1031])
def test_likeliest_equals_topk(size: int) -> None:
    scores = torch.randn(4, size, generator=torch.Generator().manual_seed(size))
    scores[:, -2] = 9.0
    assert torch.equal(likeliest(scores, 4), scores.topk(4).indices)
    assert torch.equal(likeliest(scores[1:3], 4), scores[1:3].topk(4).indices)


def test_recycled_tokens_follow_the_longest_context_known() -> None:
    recycled = RecycledTokens()
    scores = torch.zeros(2, 2000)
    scores[0, [70, 71, 72, 73]] = torch.tensor([4.0, 3.0, 2.0, 1.0])
    scores[1, [80, 81, 82, 83]] = torch.tensor([4.0, 3.0, 2.0, 1.0])
    recycled.store([[1, 5], [2, 5]], scores)
    source = Recycling(recycled, [1])
    assert tokens_after(source, [5]) == [70, 71, 72, 73]
    assert tokens_after(source, [2, 5]) == [80, 81, 82, 83]
    assert tokens_after(source, [3, 5]) == [80, 81, 82, 83]  # the latest after 5 alone
    assert tokens_after(source, [6]) == []


def test_recycled_tokens_stay_under_two_megabytes() -> None:
    """However many contexts were seen, and whatever the vocabulary."""
    recycled = RecycledTokens()
    before = recycled.num_bytes
    ids = np.random.default_rng(0).integers(0, 150_000, (3000, 2)).tolist()
    recycled.store(ids, torch.zeros(1, 8).expand(3000, 8))
    assert recycled.num_bytes == before < 2_000_000


def test_forced_text_is_guessed_by_its_longest_tokens() -> None:
    source = Forced(VOCABULARY, b"food(")
    assert tokens_after(source, []) == [TEXTS.index(b"foo")]
    assert tokens_after(source, [TEXTS.index(b"f")]) == [TEXTS.index(b"o")]
    assert tokens_after(source, [TEXTS.index(b"foo"), TEXTS.index(b"d")]) == [TEXTS.index(b"(")]
    assert tokens_after(source, [TEXTS.index(b"foo"), TEXTS.index(b"d"), 40]) == []
    assert tokens_after(Forced(Vocabulary([b"a"], []), b"b"), []) == []


def test_previous_suggestions_are_few_and_of_few_documents() -> None:
    previous = PreviousSuggestions()
    for number in range(SUGGESTIONS_PER_DOCUMENT + 2):
        previous.begin("a", [1]).tokens.append(number)
    assert previous.material("a").tolist() == [1, 2, 1, 3, 1, 4, 1, 5]
    for number in range(MAX_DOCUMENTS):
        previous.begin(f"other {number}", [1])
    assert previous.material("a").tolist() == []


def test_rates_are_learned_and_old_ones_fade() -> None:
    kind, other = Evidence("x", 1), Evidence("x", 2)
    acceptance = Acceptance({kind: 0.5})
    assert acceptance.probability([kind]) == 0.5
    assert acceptance.probability([other]) == DEFAULT_RATE
    for _ in range(round(MEMORY) * 4):
        acceptance.observe([kind], is_hit=True)
    assert acceptance.probability([kind, other]) > 0.95
    for _ in range(round(MEMORY) * 4):
        acceptance.observe([kind], is_hit=False)
    assert acceptance.probability([kind]) < 0.15


def plan_for(
    guesses: Mapping[tuple[int, ...], Mapping[int, float]],
    costs: Sequence[float],
    max_children: int = 4,
    max_depth: int = 30,
) -> tuple[list[int], list[int]]:
    """Plan below one root whose token is 0; return tokens and parents."""
    root = Root(candidate=0, token=0, max_depth=max_depth)
    [proposal] = plan([root], lambda _, path: guesses.get(path, {}), costs, max_children)
    return list(proposal.tokens), list(proposal.parents)


TREE = {(): {1: 0.6, 2: 0.3}, (1,): {3: 0.9}, (1, 3): {4: 0.1}, (2,): {5: 0.9}}


def test_the_likeliest_nodes_are_taken() -> None:
    """Their ways count: 1 and 3 before 2, 2 and 5 before 4."""
    costs = (1.0,) * 5
    assert plan_for(TREE, costs) == ([0, 1, 3, 2, 5], [0, 0, 1, 0, 3])
    assert plan_for(TREE, costs, max_children=1) == ([0, 1, 3, 4], [0, 0, 1, 2])


def test_drafts_stop_where_they_do_not_pay() -> None:
    assert plan_for(TREE, IN_PROPORTION) == ([0], [0])
    assert plan_for(TREE, (1.0, 1.1, 1.2, 3.0)) == ([0, 1, 3], [0, 0, 1])
    assert plan_for({(): {1: 0.02}}, EVENLY) == ([0], [0])


def test_a_jump_in_costs_is_taken_if_what_lies_behind_pays() -> None:
    """A pass over 5 costs more per token than one over 4; one over 16 does not."""
    costs = pass_costs({1: 1.0, 2: 1.03, 4: 1.07, 8: 2.0, 16: 3.6})
    certain = {tuple(range(1, n)): {n: 0.99} for n in range(1, 20)}
    assert len(plan_for(certain, costs)[0]) == MAX_DRAFTS + 1
    likely = {path: dict.fromkeys(guess, 0.7) for path, guess in certain.items()}
    assert len(plan_for(likely, costs)[0]) == 4
    assert len(plan_for(likely, BFLOAT16_PASS_COSTS)[0]) > 4


def test_costs_follow_the_passes_that_are_run() -> None:
    """Of a machine where five tokens cost three times as much as one, and one ever more."""
    costs = LearnedCosts(pass_costs({1: 1.0, 4: 1.3, 5: 1.5, 16: 2.0}))
    first = costs.table
    for step in range(200):
        unit_s = 0.02 + step * 0.0001
        costs.observe(1, unit_s)
        costs.observe(5, 3 * unit_s)
    assert costs.table[4] == pytest.approx(3.0, rel=0.1)
    assert costs.table[7] == pytest.approx(3.0 * first[7] / first[4], rel=0.1)  # of its class
    assert costs.table[:4] == first[:4]
    assert costs.table[8:] == first[8:]


def test_a_disturbed_pass_does_not_spoil_the_costs() -> None:
    costs = LearnedCosts((1.0,) * 16)
    for pass_s in (0.02, 0.02, 5.0):
        costs.observe(2, pass_s)
    assert costs.table[1] < 1.1


def test_nothing_is_drafted_past_the_end_of_the_text() -> None:
    certain = {tuple(range(1, n)): {n: 0.99} for n in range(1, 20)}
    assert plan_for(certain, EVENLY, max_depth=2) == ([0, 1, 2], [0, 0, 1])
    assert plan_for(certain, EVENLY, max_depth=0) == ([0], [0])


def test_candidates_share_the_tokens_of_a_pass() -> None:
    """What one is likelier to use goes to it, and all together are no more than fit."""
    roots = [Root(2, 8, 30), Root(5, 9, 30)]

    def expand(place: int, path: tuple[int, ...]) -> dict[int, float]:
        return {len(path): 0.9 if place else 0.6}

    first, second = plan(roots, expand, EVENLY, 4)
    assert (first.candidate, first.tokens[0]) == (2, 8)
    assert (second.candidate, second.tokens[0]) == (5, 9)
    assert len(first.tokens) + len(second.tokens) == MAX_DRAFTS + 1
    assert 1 < len(first.tokens) < len(second.tokens)


def test_more_candidates_than_a_pass_may_draft_for() -> None:
    roots = [Root(index, 1, 9) for index in range(MAX_DRAFTS + 5)]
    proposals = plan(roots, lambda _, path: {len(path): 0.99}, EVENLY, 4)
    assert all(len(proposal.tokens) == 1 for proposal in proposals)


def test_a_repetitive_text_takes_few_passes() -> None:
    """Looked up in what was written before; counted in the report."""
    script = [TEXTS.index(bytes([byte])) for byte in b"abcdefgh"]

    def score(written: tuple[int, ...]) -> torch.Tensor:
        return torch.eye(len(TEXTS))[script[len(written) % len(script)]] * 50

    drafter = LearningDrafter(VOCABULARY, FixedCosts(EVENLY))
    steps = decode(ModelDouble(score), request(80), VOCABULARY, never_interrupt, drafter=drafter)
    events = [event for events in steps for event in events]
    assert tokens_of(events) == script * 10
    reports = [event.report for event in events if isinstance(event, Decoded)]
    assert reports[-1].passes < 25
    assert reports[-1].tokens == 1 + reports[-1].passes + reports[-1].accepted == 80
    assert [each.tokens for each in reports] == sorted(each.tokens for each in reports)


def distribution_of_second_token(num_texts: int, *, drafted: bool) -> Counter[int]:
    """Sample texts of three tokens over a vocabulary of six and count the second ones."""
    scores = torch.tensor([0.5, 1.0, -1.0, 2.0, 0.0, 1.5])
    vocabulary = Vocabulary([bytes([97 + index]) for index in range(6)], [])
    counts: Counter[int] = Counter()
    for seed in range(num_texts):
        wanted = GenerationRequest("d", (1,), 1, 3, sampling=Sampling(temperature=1.0, seed=seed))
        drafter = garbage(6, 6) if drafted else None
        steps = decode(
            ModelDouble(lambda written: scores.roll(sum(written) % 2)),
            wanted,
            vocabulary,
            never_interrupt,
            drafter=drafter,
        )
        tokens = tokens_of(event for events in steps for event in events)
        counts[tokens[1]] += 1
    return counts


def test_drafts_keep_the_distribution_of_samples() -> None:
    """Chi-square of the second token, 5 degrees of freedom: below 20.5 at the 0.1 % level."""
    scores = torch.tensor([0.5, 1.0, -1.0, 2.0, 0.0, 1.5])
    first = scores.softmax(0)
    odd = float(first[1::2].sum())
    expected = ((1 - odd) * first + odd * scores.roll(1).softmax(0)) * 800
    counts = distribution_of_second_token(drafted=True, num_texts=800)
    observed = torch.tensor([float(counts[token]) for token in range(6)])
    assert float(((observed - expected) ** 2 / expected).sum()) < 20.5
    assert counts == distribution_of_second_token(drafted=False, num_texts=800)


def test_sampled_candidates_are_the_same_with_learned_drafts() -> None:
    wanted = request(20, num_candidates=4, sampling=Sampling(temperature=0.5, seed=2))
    drafter = LearningDrafter(VOCABULARY, FixedCosts(EVENLY))
    texts = []
    for each in (None, drafter, drafter):
        steps = decode(
            ModelDouble(random_scores), wanted, VOCABULARY, never_interrupt, drafter=each
        )
        events = [event for events in steps for event in events]
        texts.append([tokens_of(events, candidate) for candidate in range(4)])
    assert texts[0] == texts[1] == texts[2]


def test_what_is_forbidden_is_not_drafted() -> None:
    """What was said before is read again up to where it was left, and no further."""
    script = [TEXTS.index(bytes([byte])) for byte in b"item.count and item.total"]

    def score(written: tuple[int, ...]) -> torch.Tensor:
        return torch.eye(len(TEXTS))[script[len(written) % len(script)]] * 50

    def report_of(wanted: GenerationRequest) -> DecodeReport:
        steps = decode(ModelDouble(score), wanted, VOCABULARY, never_interrupt, drafter=drafter)
        return [event.report for step in steps for event in step if isinstance(event, Decoded)][-1]

    drafter = LearningDrafter(VOCABULARY, FixedCosts(EVENLY))
    report_of(request(len(script)))
    again = request(7, forced_text=b"item.", continuations=(b"size", b"sum"))
    report = report_of(again)
    assert report.accepted >= 4, "of the five that are forced, the first one is not drafted"
    assert report.drafted == report.accepted
