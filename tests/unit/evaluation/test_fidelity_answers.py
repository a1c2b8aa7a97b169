"""All arms of a case are asked together, and none can tell."""

import numpy as np
import pytest
import torch

from engine.cache.base import Proposal
from engine.cache.parts import CacheParts
from engine.decoding.vocabulary import Vocabulary
from engine.tokens import TokenArray
from engine.types import never_interrupt
from evaluation.decoding.answers import MAX_LINE_TOKENS, Extent, ask, divergences
from evaluation.decoding.lines import LineReader
from evaluation.decoding.together import Together
from evaluation.decoding.workbench import Held, Workbench
from tests.unit.engine.families import ROTATING
from tests.unit.evaluation.fidelity_fakes import (
    END_OF_TEXT,
    LINE_END,
    NUM_LETTERS,
    letters,
    make_parts,
    prompt_of,
    random_tokens,
)


def make_held(parts: CacheParts, seed: int = 0) -> list[Held]:
    """Return caches of two lengths, the two lengths mixed."""
    generator = np.random.default_rng(seed)
    bench = Workbench(parts, slice_tokens=32)
    lengths = (50, 40, 50, 50)
    return [bench.read(prompt_of(random_tokens(generator, length))) for length in lengths]


def alone(held: Held, tokens: TokenArray) -> torch.Tensor:
    """Return the scores before each token and behind the last, (T + 1, V)."""
    branches = held.cache.branch(1, len(tokens) + 1)
    rows = [branches.first_logits(never_interrupt)]
    rows += [branches.step([Proposal(0, (int(token),))], never_interrupt)[0] for token in tokens]
    return torch.stack(rows)


def greedy_alone(held: Held) -> list[int]:
    """Write the likeliest line behind one cache, as the engine does."""
    branches = held.cache.branch(1, MAX_LINE_TOKENS)
    tokens = [int(branches.first_logits(never_interrupt).argmax())]
    while len(tokens) < MAX_LINE_TOKENS and not letters().is_complete(tokens):
        scores = branches.step([Proposal(0, (tokens[-1],))], never_interrupt)
        tokens.append(int(scores[0].argmax()))
    return tokens


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_together_is_one_by_one(family: str) -> None:
    """Line and likelihood of each cache are those it has alone, in every family."""
    parts = make_parts(family)
    held = make_held(parts)
    truth = random_tokens(np.random.default_rng(1), 9)
    answers = ask(held, truth, parts, letters())
    for each, answer in zip(held, answers, strict=True):
        scores = alone(each, truth).log_softmax(-1)
        expected = -sum(float(scores[place, token]) for place, token in enumerate(truth))
        assert answer.nll == pytest.approx(expected, rel=1e-4)
        assert answer.line == letters().text(greedy_alone(each))


def test_true_tokens_that_all_choose_are_not_written_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where all caches begin with the truth, what was read to score it is gone on from."""
    parts = make_parts()
    held = [make_held(parts)[0]] * 3
    line = np.array(greedy_alone(held[0]), dtype=np.int32)
    offsets = []
    write = Together.write

    def watch(self: Together, tokens: torch.Tensor, offset: int) -> torch.Tensor:
        offsets.append(offset)
        return write(self, tokens, offset)

    monkeypatch.setattr(Together, "write", watch)
    truth = np.append(line[:3], random_tokens(np.random.default_rng(5), 2)).astype(np.int32)
    answers = ask(held, truth, parts, letters())
    assert offsets[:2] == [0, 3]
    assert {answer.line for answer in answers} == {letters().text(line.tolist())}


@pytest.mark.parametrize("num_lines", [1, 2, 3])
def test_several_lines_are_written_where_they_are_asked_for(num_lines: int) -> None:
    """A token of what the model writes is taken for the end of a line."""
    parts = make_parts()
    held = make_held(parts)[:1]
    written = greedy_alone(held[0])
    line_end = max(written, key=written.count)
    tokens = [bytes([33 + index]) for index in range(NUM_LETTERS)]
    everything = b"".join(tokens[token] for token in written)
    tokens[line_end] = b"\n"
    reader = LineReader(Vocabulary(tokens, set()))
    (answer,) = ask(held, np.array(written[:1]), parts, reader, Extent(num_lines, len(written)))
    lines = everything.replace(bytes([33 + line_end]), b"\n").decode().split("\n")
    assert len(lines) > 3
    assert answer.line == "\n".join(lines[:num_lines])


def test_caches_stay_as_they_are() -> None:
    """The first cache of a case is copied by all arms, and asked as well."""
    parts = make_parts()
    held = make_held(parts)
    before = [each.cache.arena.keys[:, :, : len(each.cache.tokens)].clone() for each in held]
    ask(held, random_tokens(np.random.default_rng(1), 5), parts, letters())
    for each, keys in zip(held, before, strict=True):
        assert torch.equal(each.cache.arena.keys[:, :, : keys.shape[2]], keys)


def test_divergence_is_from_the_first() -> None:
    likely = torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.25, 0.75]]).log()
    first, same, other = divergences(likely + 3.0).tolist()
    assert (first, same) == (0.0, 0.0)
    assert other == pytest.approx(0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75))


def test_a_line_ends_at_its_end_or_where_text_does() -> None:
    reader = letters()
    assert reader.is_complete([LINE_END])
    assert reader.is_complete([20, END_OF_TEXT], num_lines=3)
    assert not reader.is_complete([20])
    assert reader.text([20, LINE_END, 21]) == reader.text([20, END_OF_TEXT]) == "5"
