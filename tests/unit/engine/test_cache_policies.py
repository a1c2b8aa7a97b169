"""How repair policies spend their budget, without any model."""

from dataclasses import replace

import numpy as np
import pytest

from engine.cache.alignment import Run, align
from engine.cache.default_repair import (
    DEFAULT_REPAIR,
    EDIT_REPAIR,
    EXCHANGE_SHARE,
    EXCHANGE_TAIL_TOKENS,
    MOVE_REPAIR,
    POLICY_NAMES,
    TYPING_REPAIR,
    policy_named,
)
from engine.cache.ledger import Flags, Ledger
from engine.cache.policies import (
    BUDGET_TOKENS,
    END_TOKENS,
    POLICIES,
    RankedRepair,
    attended,
    chunk_heads,
    chunk_heads_then_tail,
    tail,
)
from engine.cache.repair import NO_REPAIR, RepairPolicy, Scores, Situation, WindowRepair
from engine.cache.slices import RowIndices
from engine.protocol.messages import TokenRange
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from tests.contracts.test_live_cache import edited, random_tokens

ALL = {name: policy_named(name) for name in POLICY_NAMES} | {"none": NO_REPAIR}
every_policy = pytest.mark.parametrize("policy", ALL.values(), ids=ALL.keys())


class ProbeDouble:
    """Says of each row what the test wants to hear, and remembers who asked."""

    def __init__(self, deviation: Scores, attention: Scores) -> None:
        self._deviation = deviation
        self._attention = attention
        self.asked: list[RowIndices] = []

    def deviation(self, rows: RowIndices) -> Scores:
        self.asked.append(rows)
        return self._deviation[rows]

    def attention_to(self, rows: RowIndices, from_rows: RowIndices) -> Scores:
        self.asked += [rows, from_rows]
        return self._attention[rows]


class Document:
    """A ledger that does what a live cache does to its own, and no more."""

    def __init__(self, tokens: TokenArray, seed: int = 0) -> None:
        self.ledger = Ledger()
        self.ledger.rearrange(tokens, [])
        self.mend(np.arange(len(tokens)))
        self._generator = np.random.default_rng(seed)

    def mend(self, rows: RowIndices) -> None:
        if len(rows):
            self.ledger.mark_encoded(rows)

    def take(self, tokens: TokenArray, cursor: int) -> Situation:
        """Become `tokens`; return what a policy would be shown."""
        old = self.ledger.reusable_tokens
        runs = align(old, tokens)
        kept = [np.arange(run.old_start, run.old_start + run.length) for run in runs]
        self.ledger.rearrange(tokens, runs)
        return Situation(
            tokens=tokens,
            removed=np.delete(old, np.concatenate([*kept, np.empty(0, dtype=np.intp)])),
            runs=runs,
            is_fresh=self.ledger.is_fresh,
            is_encoded=self.ledger.is_encoded.copy(),
            cursor=cursor,
            probe=ProbeDouble(self._scores(len(tokens)), self._scores(len(tokens))),
        )

    def follow(self, situation: Situation, policy: RepairPolicy) -> Flags:
        """Encode what is new and what the policy chooses; return the latter."""
        chosen = policy.select(situation)
        self.mend(np.flatnonzero(~situation.is_encoded | chosen))
        return chosen

    def _scores(self, num_rows: int) -> Scores:
        return self._generator.random(num_rows, dtype=np.float32)


def inserted_near_front(length: int = 1000, cursor: int | None = None) -> Situation:
    """Five tokens at 20, everything behind them moved, each token of the rest found once."""
    tokens = np.arange(10, 10 + length, dtype=np.int32)
    text = np.insert(tokens, 20, [1, 2, 3, 4, 5]).astype(np.int32)
    return Document(tokens).take(text, len(text) if cursor is None else cursor)


def chosen_rows(policy: RepairPolicy, situation: Situation) -> list[int]:
    return np.flatnonzero(policy.select(situation)).tolist()


@every_policy
def test_any_edit_stays_within_the_budget(policy: RepairPolicy) -> None:
    """Chosen rows are stale ones, at most 160, whatever was edited and wherever the cursor is."""
    generator = np.random.default_rng(20)
    document = Document(random_tokens(generator, 140))
    for step in range(300):
        tokens = document.ledger.tokens
        for _ in range(int(generator.integers(0, 5))):
            tokens = edited(generator, tokens)
        cursor = (0, len(tokens), int(generator.integers(0, len(tokens) + 1)))[step % 3]
        situation = document.take(tokens, cursor)
        chosen = document.follow(situation, policy)
        assert chosen.shape == tokens.shape
        assert not (chosen & ~situation.is_stale).any()
        assert np.count_nonzero(chosen) <= BUDGET_TOKENS


@every_policy
def test_long_texts_with_many_edits_stay_within_the_budget(policy: RepairPolicy) -> None:
    generator = np.random.default_rng(21)
    for num_places in (1, 3, 30, 200):
        tokens = generator.integers(10, 5000, 3000).astype(np.int32)
        places = np.sort(generator.integers(0, 3000, num_places))
        text = np.insert(tokens, places, generator.integers(10, 5000, num_places))
        situation = Document(tokens).take(text.astype(np.int32), 2000)
        assert np.count_nonzero(policy.select(situation)) <= BUDGET_TOKENS


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("cursor", [1005, 600])
def test_policies_spend_equal_budgets(name: str, cursor: int) -> None:
    """Compared on one edit, all spend the same: the whole budget."""
    situation = inserted_near_front(cursor=cursor)
    assert np.count_nonzero(POLICIES[name].select(situation)) == BUDGET_TOKENS


@every_policy
def test_nothing_stale_asks_nothing(policy: RepairPolicy) -> None:
    """A text encoded as it stands, and one that is all new, need no repair and no model."""
    tokens = np.arange(10, 300, dtype=np.int32)
    for situation in (
        Document(tokens).take(tokens, 100),
        Document(np.arange(1000, 1300, dtype=np.int32)).take(tokens, 100),
        Document(tokens[:1]).take(tokens[:1], 0),
        Document(tokens[:1]).take(tokens[5:6], 1),
    ):
        assert chosen_rows(policy, situation) == []
        assert isinstance(situation.probe, ProbeDouble)
        assert situation.probe.asked == []


@every_policy
def test_one_stale_token_is_mended_as_the_last(policy: RepairPolicy) -> None:
    """The next token is predicted from the last one, so no policy leaves that stale."""
    tokens = np.arange(10, 40, dtype=np.int32)
    situation = Document(tokens).take(np.insert(tokens, 29, 1).astype(np.int32), 3)
    assert chosen_rows(policy, situation) == [30]


def test_rotation_alone_mends_the_last_token_only() -> None:
    assert chosen_rows(NO_REPAIR, inserted_near_front(cursor=500)) == [1004]


def test_default_windows() -> None:
    """Sixty-four behind the change, sixty-four before the cursor, sixteen at the end."""
    expected = [*range(25, 89), *range(436, 500), *range(989, 1005)]
    assert chosen_rows(WindowRepair(), inserted_near_front(cursor=500)) == expected


@pytest.mark.parametrize(
    ("name", "num_head_tokens"),
    [("tail", 0), ("head-32-tail", 32), ("head-tail", 64), ("head-112-tail", 112), ("head", 144)],
)
def test_head_and_tail_share_what_the_end_leaves(name: str, num_head_tokens: int) -> None:
    end = range(1005 - END_TOKENS, 1005)
    head = range(25, 25 + num_head_tokens)
    before_cursor = range(500 - (BUDGET_TOKENS - END_TOKENS - num_head_tokens), 500)
    chosen = chosen_rows(POLICIES[name], inserted_near_front(cursor=500))
    assert chosen == [*head, *before_cursor, *end]


def test_heads_share_alike() -> None:
    """With more changed places than tokens to spend, those nearest the cursor are served."""
    tokens = np.arange(10, 3010, dtype=np.int32)
    places = np.arange(10, 2990, 10)
    situation = Document(tokens).take(np.insert(tokens, places, 5).astype(np.int32), 1000)
    chosen = chosen_rows(RankedRepair(POLICIES["head"].order, 30, 2), situation)
    heads = [row for row in chosen[:-2] if situation.tokens[row - 1] == 5]
    assert len(heads) == 28
    assert min(heads) > 800
    assert max(heads) < 1200


def test_a_mended_window_does_not_creep() -> None:
    """Typing on mends what is new in the window, not older text instead of what is mended."""
    tokens = np.arange(10, 1010, dtype=np.int32)
    document = Document(tokens)
    text = np.insert(tokens, 20, [1, 2, 3]).astype(np.int32)
    document.follow(document.take(text, len(text)), POLICIES["tail"])
    typed = np.append(text, np.int32(7))
    assert not document.follow(document.take(typed, len(typed)), POLICIES["tail"]).any()


def test_new_tokens_do_not_use_up_the_budget() -> None:
    tokens = np.arange(10, 1010, dtype=np.int32)
    text = np.insert(tokens, [20, 950, 950, 950], [1, 2, 3, 4]).astype(np.int32)
    chosen = chosen_rows(POLICIES["tail"], Document(tokens).take(text, len(text)))
    assert chosen == [*range(841, 951), *range(954, 1004)]


def names_situation(cursor: int) -> Situation:
    """Token 7 is inserted at 20; it stands at 300, 600 and 900 of the text already."""
    tokens = np.arange(10, 1010, dtype=np.int32)
    tokens[[299, 599, 899]] = 7
    return Document(tokens).take(np.insert(tokens, 20, 7).astype(np.int32), cursor)


def test_lines_with_the_edits_names_come_before_the_tail() -> None:
    chosen = chosen_rows(POLICIES["rare-names"], names_situation(cursor=700))
    assert {row for row in chosen if row < 560} == set(range(294, 310))
    assert {row for row in chosen if 700 <= row < 985} == set(range(894, 910))
    assert set(range(594, 610)) <= set(chosen)
    assert chosen[-END_TOKENS:] == list(range(985, 1001))


def test_names_that_are_everywhere_are_not_rare() -> None:
    situation = names_situation(cursor=700)
    tokens = situation.tokens.copy()
    tokens[100:200:10] = 7
    common = replace(situation, tokens=tokens)
    assert chosen_rows(POLICIES["rare-names"], common) == chosen_rows(POLICIES["tail"], common)


def test_a_removed_name_counts_as_touched() -> None:
    tokens = np.arange(10, 1010, dtype=np.int32)
    tokens[[20, 299]] = 7
    situation = Document(tokens).take(np.delete(tokens, slice(18, 23)), 700)
    assert situation.removed.tolist() == [28, 29, 7, 31, 32]
    assert set(range(288, 304)) <= set(chosen_rows(POLICIES["rare-names"], situation))


def test_names_before_the_cursor_are_mended_elsewhere() -> None:
    """The name stands in the line before the cursor, so its other lines are looked for."""
    tokens = np.arange(10, 1010, dtype=np.int32)
    tokens[[299, 799, 690]] = 7
    situation = Document(tokens).take(np.insert(tokens, 20, 8).astype(np.int32), 700)
    chosen = set(chosen_rows(POLICIES["cursor-names"], situation))
    assert set(range(294, 310)) <= chosen
    assert set(range(794, 810)) <= chosen
    assert set(range(620, 700)) <= chosen


@pytest.mark.parametrize(
    ("name", "first_rows"),
    [("deviation", {100, 200}), ("attention", {300, 200}), ("influence", {200})],
)
def test_what_the_model_says_is_followed(name: str, first_rows: set[int]) -> None:
    """Influence is the product: what is off but unread, or read but right, comes later."""
    situation = inserted_near_front(cursor=500)
    deviations = np.full(1005, 0.01, dtype=np.float32)
    attention = deviations.copy()
    deviations[[100, 200]] = 1
    attention[[300, 200]] = 1
    probe = ProbeDouble(deviations, attention)
    small = RankedRepair(POLICIES[name].order, len(first_rows) + 1, 1)
    assert chosen_rows(small, replace(situation, probe=probe)) == [*sorted(first_rows), 1004]
    assert all(situation.is_stale[rows].all() for rows in probe.asked if len(rows) > 4)


@pytest.mark.parametrize(
    ("cursor", "from_rows"),
    [
        (500, [497, 498, 499, 1004]),
        (1005, [1001, 1002, 1003, 1004]),
        (0, [1004]),
        (2, [0, 1, 1004]),
    ],
)
def test_cursor_and_end_are_asked_what_they_read(cursor: int, from_rows: list[int]) -> None:
    situation = inserted_near_front(cursor=cursor)
    POLICIES["attention"].select(situation)
    assert isinstance(situation.probe, ProbeDouble)
    assert situation.probe.asked[1].tolist() == from_rows


def test_tail_before_a_cursor_beyond_the_end() -> None:
    situation = inserted_near_front(cursor=2000)
    assert tail(situation)[0] == 1004


def test_a_run_may_move_to_the_front() -> None:
    """What was moved past other text is stale and has its head mended."""
    tokens = np.arange(10, 210, dtype=np.int32)
    document = Document(tokens)
    situation = document.take(np.concatenate([tokens[100:], tokens[:100]]), 200)
    assert situation.runs == [Run(100, 0, 100), Run(0, 100, 100)]
    assert {0, 1, 100, 101} <= set(chosen_rows(POLICIES["head"], situation))


def test_settings_name_every_policy() -> None:
    field = EngineSettings.__dataclass_fields__["repair"]
    assert field.metadata["enum"] == list(POLICY_NAMES)
    assert policy_named(EngineSettings().repair) == DEFAULT_REPAIR


def with_gap(tokens: TokenArray, cursor: int) -> TokenArray:
    """Lay out text as families do: a marker behind what is before the cursor, one at the end."""
    return np.concatenate([tokens[:cursor], [1], tokens[cursor:], [2]]).astype(np.int32)


def test_windows_come_with_what_the_cursor_attends_to() -> None:
    situation = inserted_near_front(cursor=500)
    windows = chosen_rows(MOVE_REPAIR.windows, situation)
    rest = np.setdiff1d(np.flatnonzero(situation.is_stale), windows)
    asked = rest[np.argsort(np.abs(rest - 500), kind="stable")[:400]]
    attention = situation.probe.attention_to(asked, asked[:1])
    most = asked[np.argsort(-attention, kind="stable")[:80]]
    policy = replace(MOVE_REPAIR, score=attended, asked_tokens=400)
    assert chosen_rows(policy, situation) == sorted([*windows, *most.tolist()])


@pytest.mark.parametrize("cursor", [0, 20, 299, 300])
def test_typing_moves_no_cursor(cursor: int) -> None:
    """The gap goes along with the text behind it; what is typed costs what typing costs."""
    tokens = np.arange(10, 310, dtype=np.int32)
    typed = np.insert(tokens, cursor, [5, 6]).astype(np.int32)
    document = Document(with_gap(tokens, cursor))
    situation = document.take(with_gap(typed, cursor + 2), cursor + 2)
    assert not situation.has_moved_cursor
    assert chosen_rows(DEFAULT_REPAIR, situation) == chosen_rows(TYPING_REPAIR, situation)


def test_an_edit_before_the_cursor_is_mended_in_its_own_way() -> None:
    tokens = np.arange(10, 310, dtype=np.int32)
    edited_text = np.insert(tokens, 100, [5, 6]).astype(np.int32)
    document = Document(with_gap(tokens, 200))
    situation = document.take(with_gap(edited_text, 202), 202)
    assert not situation.has_moved_cursor
    assert chosen_rows(DEFAULT_REPAIR, situation) == chosen_rows(EDIT_REPAIR, situation)


@pytest.mark.parametrize(("before", "after"), [(20, 200), (200, 20), (0, 150), (150, 300)])
def test_a_moved_cursor_is_mended_in_its_own_way(before: int, after: int) -> None:
    tokens = np.arange(10, 310, dtype=np.int32)
    document = Document(with_gap(tokens, before))
    situation = document.take(with_gap(tokens, after), after)
    assert situation.has_moved_cursor
    assert chosen_rows(DEFAULT_REPAIR, situation) == chosen_rows(MOVE_REPAIR, situation)


def exchanged(situation: Situation) -> Situation:
    """Say that chunks in front were exchanged."""
    return replace(situation, has_other_chunks=True)


def test_an_exchange_of_chunks_may_cost_a_share_of_the_prompt() -> None:
    situation = inserted_near_front(cursor=800)
    num_tokens = len(situation.tokens)
    usual = chosen_rows(EDIT_REPAIR, situation)
    assert chosen_rows(DEFAULT_REPAIR, situation) == usual
    more = chosen_rows(DEFAULT_REPAIR, exchanged(situation))
    assert len(more) == round(EXCHANGE_SHARE * num_tokens) > len(usual)
    assert set(range(800 - EXCHANGE_TAIL_TOKENS, 800)) <= set(more)
    assert set(range(num_tokens - END_TOKENS, num_tokens)) <= set(more)


def test_an_exchange_that_leaves_nothing_stale_costs_nothing() -> None:
    document = Document(np.arange(10, 210, dtype=np.int32))
    situation = document.take(document.ledger.tokens, 200)
    assert not chosen_rows(DEFAULT_REPAIR, exchanged(situation))
    assert isinstance(situation.probe, ProbeDouble)
    assert not situation.probe.asked


def test_heads_of_chunks_and_of_the_text_behind_them() -> None:
    places = (TokenRange(100, 130), TokenRange(131, 160))
    situation = replace(inserted_near_front(cursor=800), chunks=places)
    expected = [*range(100, 104), *range(131, 135), *range(160, 164)]
    assert chunk_heads(4, situation).tolist() == expected
    assert chunk_heads_then_tail(4, situation).tolist()[:14] == [*expected, 799, 798]
    assert not len(chunk_heads(4, inserted_near_front(cursor=800)))
