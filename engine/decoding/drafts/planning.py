"""Which guesses to check: the tree of drafts with the most tokens for the time of its pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from engine.cache.base import Proposal

Expand = Callable[[int, tuple[int, ...]], Mapping[int, float]]
"""For a candidate (its place in the pass) and a way down from its root: the tokens that may come
next, with the probability of each."""

LEAST_GAIN = 1.06
"""Drafts that promise less are not worth the work around the pass."""


@dataclass(frozen=True, slots=True)
class Root:
    """Where the drafts of one candidate begin."""

    candidate: int
    token: int  # the last one chosen
    max_depth: int  # of drafts below it


@dataclass(order=True, slots=True)
class _Node:
    cost: float  # minus the probability that all of the way to it comes true
    number: int  # older first among equals
    place: int = field(compare=False)
    parent: int = field(compare=False)
    path: tuple[int, ...] = field(compare=False)


def plan(
    roots: Sequence[Root],
    expand: Expand,
    pass_costs: Sequence[float],
    max_children: int,
) -> list[Proposal]:
    """Grow trees below all roots, the likeliest node first, and cut them where it pays most.

    The tokens expected from a pass are one for each root and one for each node, times the
    probability of its way. So the best tree of a size has the likeliest nodes, and the best
    size is the one with the most expected tokens for the cost of the pass.

    Args:
        roots: One for each candidate.
        expand: What may follow a node.
        pass_costs: Of a pass over 1, 2, ... tokens, as multiples of the first; their number
            limits the pass.
        max_children: 1 grows lines.
    """
    return _Planner(roots, expand, pass_costs, max_children).plan()


class _Planner:
    def __init__(
        self, roots: Sequence[Root], expand: Expand, pass_costs: Sequence[float], max_children: int
    ) -> None:
        self._roots = roots
        self._expand = expand
        self._pass_costs = pass_costs
        self._max_children = max_children
        self._numbers = count()
        self._open: list[_Node] = []
        self._taken: list[_Node] = []
        self._nodes = [0] * len(roots)  # taken below each root so far

    def plan(self) -> list[Proposal]:
        expected = float(len(self._roots))
        best_gain, best_size = LEAST_GAIN * self._rate(expected, 0), 0
        for place in range(len(self._roots)):
            self._open_children(place, 0, (), 1.0)
        while self._open and self._can_beat(best_gain, expected):
            node = heappop(self._open)
            self._take(node)
            expected -= node.cost
            gain = self._rate(expected, len(self._taken))
            if gain > best_gain:
                best_gain, best_size = gain, len(self._taken)
        return self._proposals(self._taken[:best_size])

    def _rate(self, expected: float, num_drafts: int) -> float:
        """Return expected tokens for the cost of the pass."""
        num_tokens = min(len(self._roots) + num_drafts, len(self._pass_costs))
        return expected / self._pass_costs[num_tokens - 1]

    def _can_beat(self, best_gain: float, expected: float) -> bool:
        """Tell whether more nodes, each as likely as the next one, could be worth their cost."""
        likelihood = -self._open[0].cost
        room = len(self._pass_costs) - len(self._roots)
        more = range(len(self._taken) + 1, room + 1)
        return any(
            self._rate(expected + likelihood * (size - len(self._taken)), size) > best_gain
            for size in more
        )

    def _take(self, node: _Node) -> None:
        self._taken.append(node)
        self._nodes[node.place] += 1
        self._open_children(node.place, self._nodes[node.place], node.path, -node.cost)

    def _open_children(
        self, place: int, parent: int, path: tuple[int, ...], likelihood: float
    ) -> None:
        if len(path) >= self._roots[place].max_depth:
            return
        guesses = self._expand(place, path)
        best = sorted(guesses.items(), key=lambda guess: -guess[1])[: self._max_children]
        for token, probability in best:
            child = (*path, token)
            cost = -likelihood * probability
            heappush(self._open, _Node(cost, next(self._numbers), place, parent, child))

    def _proposals(self, nodes: Sequence[_Node]) -> list[Proposal]:
        tokens = [[root.token] for root in self._roots]
        parents = [[0] for _ in self._roots]
        for node in nodes:
            tokens[node.place].append(node.path[-1])
            parents[node.place].append(node.parent)
        return [
            Proposal(root.candidate, tuple(tokens[place]), tuple(parents[place]))
            for place, root in enumerate(self._roots)
        ]
