"""`warmline bench masks`: which tokens may come next, found at every step of writing a name.

A request forces a line of code and allows N names after it. It is followed from its first token to
a bracket after a name, along tokens that the names leave open: the longest that fit, as a rule, and
now and then shorter ones, which lead to places a model rarely visits. Every third way goes byte by
byte, through all places there are. At every place the allowed tokens are found, and the best scored
of them is chosen.

The rows of the kind `N names` have an arm for each sort of names: `mixed`, names as they stand in
real code after a dot; `typed`, the same where the line ends in a space or within a name; `alike`,
four fifths of which begin with the same letters; `long`, which all begin with the same 34 and have
three words more; `nested`, each with three others that begin with the whole of it; and `scripts`,
in letters of several bytes. The metrics are `mask_ms`, the time of one step over all places, its
percentiles `mask_p95_ms` and `mask_p999_ms` and its largest `mask_max_ms`, and `request_ms`, what
is prepared once when the request comes. The kind `vocabulary` has `index_ms`, once for a model.

All times are the processor's. A way is walked several times, each with a request of its own that
has seen none of its places, and the time of a place is the shortest, so that what else the machine
does is left out. The time of a request is the median.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import thread_time

import numpy as np

from engine.decoding.constraint import TokenConstraint, constraint_of
from engine.decoding.sampling import Scores, choose_among, choose_likeliest
from engine.decoding.vocabulary import Vocabulary
from evaluation.bench.masks.names import ARMS, Asked, known_names
from evaluation.errors import CannotMeasureError
from evaluation.report import Parameter, Row, summarise, summarise_percentile

SIZES = (10, 100, 1_000, 5_000)
_SHARE_LONGEST = 0.7
_BYTEWISE_EVERY = 3
_REPEATS = 7
_PERCENTS = {"mask_p95_ms": 95, "mask_p999_ms": 99.9}

OnStep = Callable[[str], None]
"""Called with what is measured next."""

_ChooseText = Callable[[Sequence[bytes]], bytes]
"""Picks one of the beginnings of a text, all of which are tokens."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """A way through a request's places.

    Attributes:
        request_ms: From the request to its first place.
        places_ms: What each place took.
        tokens: That were written, from place to place.
    """

    request_ms: float
    places_ms: tuple[float, ...]
    tokens: tuple[int, ...]


def measure_masks(
    vocabulary: Vocabulary, sizes: Sequence[int], num_walks: int, seed: int, on_step: OnStep
) -> list[Row]:
    """Measure the masks of names from the standard library's own code.

    Args:
        vocabulary: Of the model; nothing of it may have been looked up before.
        sizes: How many names to allow.
        num_walks: For each number of names and each arm.
        seed: Chooses names and ways.
        on_step: Hears what is measured next.

    Raises:
        CannotMeasureError: If there are not as many different names.
    """
    on_step("indexing the vocabulary")
    start = thread_time()
    vocabulary.index.has_longer(b"a")
    index_ms = 1000 * (thread_time() - start)
    conditions: dict[str, Parameter] = {"vocabulary": vocabulary.size}
    rows = [summarise("vocabulary", "warmline", "index_ms", [index_ms], "ms", params=conditions)]
    known = known_names()
    for size in sizes:
        if size > len(known):
            raise CannotMeasureError(
                f"{size} names were asked for and the standard library's code has {len(known)};"
                " ask for fewer with --names"
            )
        for arm, choose_names in ARMS.items():
            on_step(f"{size} names, {arm}")
            chance = random.Random(seed)  # noqa: S311
            walks = [
                _measured(vocabulary, choose_names(known, size, chance), chance, walk)
                for walk in range(num_walks)
            ]
            rows += _rows(f"{size} names", arm, walks, {**conditions, "names": size})
    return rows


def _measured(vocabulary: Vocabulary, asked: Asked, chance: random.Random, number: int) -> _Walk:
    """Walk one way several times, each time as if for the first time."""
    scores = np.random.default_rng(chance.randrange(2**32)).normal(size=vocabulary.size)
    logits: Scores = scores.astype(np.float32)
    choose = min if number % _BYTEWISE_EVERY == _BYTEWISE_EVERY - 1 else _mostly_longest(chance)
    tokens = tuple(_tokens_along(vocabulary, asked, chance.choice(asked.names), choose))
    walks = [_walk(vocabulary, asked, tokens, logits) for _ in range(_REPEATS)]
    places = zip(*(walk.places_ms for walk in walks), strict=True)
    return _Walk(median(walk.request_ms for walk in walks), tuple(map(min, places)), tokens)


def _mostly_longest(chance: random.Random) -> _ChooseText:
    return lambda texts: max(texts) if chance.random() < _SHARE_LONGEST else chance.choice(texts)


def _tokens_along(
    vocabulary: Vocabulary, asked: Asked, name: bytes, choose: _ChooseText
) -> Iterator[int]:
    """Yield allowed tokens that the text is made of, until all is allowed."""
    text = asked.forced_text + name + b"("
    constraint: TokenConstraint = constraint_of(vocabulary, *asked)
    while (allowed := constraint.allowed()) is not None:
        said = {vocabulary.token_bytes(token): token for token in allowed.ids.tolist()}
        chosen = choose([start for start in said if start and text.startswith(start)])
        yield said[chosen]
        constraint = constraint.advance(said[chosen])
        text = text[len(chosen) :]


def _walk(vocabulary: Vocabulary, asked: Asked, tokens: Sequence[int], logits: Scores) -> _Walk:
    start = thread_time()
    constraint: TokenConstraint = constraint_of(vocabulary, *asked)
    request_ms = 1000 * (thread_time() - start)
    places_ms = []
    for token in tokens:
        start = thread_time()
        allowed = constraint.allowed()
        if allowed is not None:
            choose_among(choose_likeliest, logits, allowed)
        places_ms.append(1000 * (thread_time() - start))
        constraint = constraint.advance(token)
    return _Walk(request_ms, tuple(places_ms), tuple(tokens))


def _rows(kind: str, arm: str, walks: Sequence[_Walk], params: dict[str, Parameter]) -> list[Row]:
    times_ms = [place_ms for walk in walks for place_ms in walk.places_ms]
    request_ms = [walk.request_ms for walk in walks]
    largest = summarise_percentile(kind, arm, "mask_max_ms", times_ms, "ms", percent=100)
    return [
        summarise(kind, arm, "mask_ms", times_ms, "ms", params=params),
        *(
            summarise_percentile(kind, arm, metric, times_ms, "ms", percent=percent, params=params)
            for metric, percent in _PERCENTS.items()
        ),
        replace(largest, params=params),
        summarise(kind, arm, "request_ms", request_ms, "ms", params=params),
    ]
