"""`warmline bench masks`: which tokens may come next, found at every step of writing a name.

A request forces a line of code up to a dot and allows N names after it. It is followed from its
first token to a bracket after a name, along tokens that the names leave open: the longest that
fit, as a rule, and now and then shorter ones, which lead to places a model rarely visits. At
every place the allowed tokens are found, and the best scored of them is chosen.

The rows of the kind `N names` have two arms: `mixed`, names as they stand in real code, and
`alike`, four fifths of which begin with the same letters. The metrics are `mask_ms`, the time of
one step over all places, its 95th percentile `mask_p95_ms` and its largest `mask_max_ms`, and
`request_ms`, what is prepared once when the request comes. All times are the processor's, and
that of one place is the median of several walks, so that what else the machine does is left out.
The kind `vocabulary` has `index_ms`, once for a model.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import thread_time

import numpy as np

from engine.decoding.constraint import TokenConstraint, constraint_of
from engine.decoding.sampling import Scores, choose_among, choose_likeliest
from engine.decoding.vocabulary import Vocabulary
from evaluation.bench.sources import standard_library
from evaluation.errors import CannotMeasureError
from evaluation.report import Parameter, Row, summarise, summarise_percentile

SIZES = (10, 100, 1_000, 5_000)
FORCED_TEXT = b"        return self.application.configuration."
_COMMON_START = b"GL_"
_SHARE_ALIKE = 0.8
_SHARE_LONGEST = 0.7
_REPEATS = 5

OnStep = Callable[[str], None]
"""Called with what is measured next."""


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
    vocabulary.index.has_longer(FORCED_TEXT)
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
        for arm, choose_names in _ARMS.items():
            on_step(f"{size} names, {arm}")
            chance = random.Random(seed)  # noqa: S311
            walks = [
                _measured(vocabulary, choose_names(known, size, chance), chance)
                for _ in range(num_walks)
            ]
            rows += _rows(f"{size} names", arm, walks, {**conditions, "names": size})
    return rows


def known_names() -> Sequence[bytes]:
    """Return the different names in the standard library's code, in the order of the alphabet."""
    words = re.findall(r"[^\W\d]\w{2,}", standard_library().text)
    return sorted({word.encode() for word in words})


def _mixed(known: Sequence[bytes], size: int, chance: random.Random) -> list[bytes]:
    return chance.sample(known, size)


def _alike(known: Sequence[bytes], size: int, chance: random.Random) -> list[bytes]:
    names = chance.sample(known, size)
    num_alike = int(size * _SHARE_ALIKE)
    return [_COMMON_START + name.upper() for name in names[:num_alike]] + names[num_alike:]


_ARMS = {"mixed": _mixed, "alike": _alike}


def _measured(vocabulary: Vocabulary, names: Sequence[bytes], chance: random.Random) -> _Walk:
    """Walk one way several times and return the medians."""
    scores = np.random.default_rng(chance.randrange(2**32)).normal(size=vocabulary.size)
    logits: Scores = scores.astype(np.float32)
    text = FORCED_TEXT + chance.choice(names) + b"("
    tokens = tuple(_tokens_along(vocabulary, names, text, chance))
    walks = [_walk(vocabulary, names, tokens, logits) for _ in range(_REPEATS)]
    places = zip(*(walk.places_ms for walk in walks), strict=True)
    return _Walk(median(walk.request_ms for walk in walks), tuple(map(median, places)), tokens)


def _tokens_along(
    vocabulary: Vocabulary, names: Sequence[bytes], text: bytes, chance: random.Random
) -> Iterator[int]:
    """Yield allowed tokens that `text` is made of, until all is allowed."""
    constraint: TokenConstraint = constraint_of(vocabulary, FORCED_TEXT, names)
    while (allowed := constraint.allowed()) is not None:
        said = {token: vocabulary.token_bytes(token) for token in allowed.ids.tolist()}
        fitting = [token for token in said if said[token] and text.startswith(said[token])]
        longest = max(fitting, key=lambda token: len(said[token]))
        token = longest if chance.random() < _SHARE_LONGEST else chance.choice(fitting)
        yield token
        constraint = constraint.advance(token)
        text = text[len(said[token]) :]


def _walk(
    vocabulary: Vocabulary, names: Sequence[bytes], tokens: Sequence[int], logits: Scores
) -> _Walk:
    start = thread_time()
    constraint: TokenConstraint = constraint_of(vocabulary, FORCED_TEXT, names)
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
        summarise_percentile(kind, arm, "mask_p95_ms", times_ms, "ms", percent=95, params=params),
        replace(largest, params=params),
        summarise(kind, arm, "request_ms", request_ms, "ms", params=params),
    ]
