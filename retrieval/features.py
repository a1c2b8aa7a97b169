"""What the second stage looks at beside the vectors: a few numbers for each candidate.

All lie between 0 and 1. Names are identifiers that are no keywords, see `names.py`; where it says
how many names a candidate *defines*, each counts 1 / (number of candidates that define it), so
that `HttpClient` says more than `run`, and a sum s becomes s / (1 + s). Names that the document
defines itself do not count, since nobody needs another file for them.

Of a candidate:

- `lexical_share`: its score of the first stage, relative to the best one.
- `lexical_rank`: 1 / (1 + its rank in the first stage).
- `defines_current`: names of the query's last 3 lines that it defines.
- `defines_recent`: names of the whole query that it defines.
- `defines_scope`: names it defines of the lines that enclose the cursor by indentation: the
  class, its bases, the function, the types of its parameters.
- `defines_source`: names it defines of lines anywhere in the document that give a value or a
  type to a name of the last line, such as `store: Store` or `store = Store()`.
- `defines_imported`: names of the query that the document imports from somewhere and it defines.
- `defines_unused`: names it defines that the document imports and does not use anywhere yet.
- `imported_from`: the document imports its file.
- `imported_there`: names it defines that the document imports from its file.
- `defines_alike`: share of the words of its defined names that are words of the last 3 lines.
- `mentions_current`: share of the names of the last 3 lines that occur in it.
- `mentions_source`: names of `defines_scope` and `defines_source` that occur in it; here each
  counts 1 / (number of candidates it occurs in).
- `mentions_unused`: names of `defines_unused` that occur in it, counted in the same way.
- `same_folder`: it lies in the folder of the document.
- `path_overlap`: words that both paths have, of all words of both.
- `path_named`: share of the words of its file's name that are words of the query.
- `imports`: share of its lines that import something.
- `length`: its non-blank lines / 30, at most 1.

Of the query, for the candidate "nothing helps":

- `always`: 1.
- `best_lexical`: log(1 + the best score of the first stage) / 8, at most 1.
- `best_definition`: the largest of all candidates' `defines_current`, `defines_scope` and
  `defines_source`.
- `names_own`: share of the names of the last line that the document defines itself.
- `names_imported`: share of the names of the last line that the document imports.
- `begins_line`: nothing stands before the cursor in its line.
- `member_access`: a member's name is being written: `.`, `::` or `->` before it.
- `query_lines`: lines of the query / 20.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from retrieval.imports import Import, is_imported, module_of
from retrieval.names import ChunkNames, names_of_chunk
from retrieval.query import QUERY_LINES
from retrieval.surroundings import CURRENT_LINES, Surroundings, surroundings_of
from retrieval.terms import terms_of
from retrieval.types import Chunk, Place

FEATURES = (
    "lexical_share",
    "lexical_rank",
    "defines_current",
    "defines_recent",
    "defines_scope",
    "defines_source",
    "defines_imported",
    "defines_unused",
    "imported_from",
    "imported_there",
    "defines_alike",
    "mentions_current",
    "mentions_source",
    "mentions_unused",
    "same_folder",
    "path_overlap",
    "path_named",
    "imports",
    "length",
)

STOP_FEATURES = (
    "always",
    "best_lexical",
    "best_definition",
    "names_own",
    "names_imported",
    "begins_line",
    "member_access",
    "query_lines",
)

_BEST_LEXICAL = 8.0  # exp(8) is more than any BM25 score of twenty lines
_LONG_LINES = 30

Columns = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Features:
    """What the formula in `retrieval.model` multiplies with learned weights.

    Attributes:
        candidates: (K, len(FEATURES)).
        query: (len(STOP_FEATURES),).
    """

    candidates: NDArray[np.float32]
    query: NDArray[np.float32]


def features_of(place: Place, query: str, candidates: Sequence[Chunk]) -> Features:
    """Look at a place and at the candidates of the first stage.

    Some features compare candidates with each other: give all that the first stage found, also
    where only some of them are of interest.

    Args:
        place: Where somebody writes.
        query: `query_of(place)`.
        candidates: Each with its score of the first stage.
    """
    around = surroundings_of(place, query)
    names = [names_of_chunk(chunk.text) for chunk in candidates]
    columns = {
        **_lexical(candidates),
        **_definitions(around, candidates, names),
        **_likeness(around, query, names),
        **_places(around, query, candidates),
        "imports": [each.import_share for each in names],
        "length": [min(1.0, each.num_lines / _LONG_LINES) for each in names],
    }
    table = np.array([columns[name] for name in FEATURES], np.float32).T
    return Features(table.reshape(-1, len(FEATURES)), _of_query(around, candidates, columns))


def _lexical(candidates: Sequence[Chunk]) -> Columns:
    best = max((chunk.score for chunk in candidates), default=0.0)
    order = sorted(range(len(candidates)), key=lambda index: -candidates[index].score)
    ranks = {index: rank for rank, index in enumerate(order)}
    return {
        "lexical_share": [
            max(0.0, chunk.score / best) if best > 0 else 0.0 for chunk in candidates
        ],
        "lexical_rank": [1 / (1 + ranks[index]) for index in range(len(candidates))],
    }


def _definitions(
    around: Surroundings, candidates: Sequence[Chunk], names: Sequence[ChunkNames]
) -> Columns:
    num_definers = Counter(name for each in names for name in each.defined)

    def defined(wanted: frozenset[str]) -> list[float]:
        needed = wanted - around.own
        return [_evidence(needed & each.defined, num_definers) for each in names]

    by_path = {
        path: [each for each in around.imports if is_imported(each, module_of(path))]
        for path in {chunk.path for chunk in candidates}
    }
    sources = [by_path[chunk.path] for chunk in candidates]
    return {
        "defines_current": defined(around.current),
        "defines_recent": defined(around.recent),
        "defines_scope": defined(around.scope),
        "defines_source": defined(around.source),
        "defines_imported": defined(around.recent & around.imported),
        "defines_unused": defined(around.unused),
        "imported_from": [float(bool(imports)) for imports in sources],
        "imported_there": [
            _evidence(_names_of(imports) & each.defined, num_definers)
            for imports, each in zip(sources, names, strict=True)
        ],
    }


def _evidence(found: frozenset[str], num_chunks: Mapping[str, int]) -> float:
    """Weigh names by how few of the candidates have them."""
    total = sum(1 / num_chunks[name] for name in found)
    return total / (1 + total)


def _names_of(imports: Iterable[Import]) -> frozenset[str]:
    return frozenset().union(*(each.names for each in imports))


def _likeness(around: Surroundings, query: str, names: Sequence[ChunkNames]) -> Columns:
    num_users = Counter(name for each in names for name in each.used)
    made_of = (around.scope | around.source) - around.own
    words = frozenset(terms_of("\n".join(query.splitlines()[-CURRENT_LINES:])))
    return {
        "defines_alike": [_share(each.defined_words, words) for each in names],
        "mentions_current": [_share(around.current, each.used) for each in names],
        "mentions_source": [_evidence(made_of & each.used, num_users) for each in names],
        "mentions_unused": [_evidence(around.unused & each.used, num_users) for each in names],
    }


def _places(around: Surroundings, query: str, candidates: Sequence[Chunk]) -> Columns:
    folder = PurePosixPath(around.path).parent
    own, words = _words(around.path), frozenset(terms_of(query))
    theirs = [_words(chunk.path) for chunk in candidates]
    paths = [PurePosixPath(chunk.path) for chunk in candidates]
    return {
        "same_folder": [float(path.parent == folder) for path in paths],
        "path_overlap": [_share(own | each, own & each) for each in theirs],
        "path_named": [_share(_words(path.stem), words) for path in paths],
    }


def _of_query(
    around: Surroundings, candidates: Sequence[Chunk], columns: Columns
) -> NDArray[np.float32]:
    best = max((chunk.score for chunk in candidates), default=0.0)
    definitions = (
        *columns["defines_current"],
        *columns["defines_scope"],
        *columns["defines_source"],
    )
    values = {
        "always": 1.0,
        "best_lexical": min(1.0, math.log1p(max(0.0, best)) / _BEST_LEXICAL),
        "best_definition": max(definitions, default=0.0),
        "names_own": _share(around.last, around.own),
        "names_imported": _share(around.last, around.imported),
        "begins_line": float(around.begins_line),
        "member_access": float(around.is_member_access),
        "query_lines": around.num_query_lines / QUERY_LINES,
    }
    return np.array([values[name] for name in STOP_FEATURES], np.float32)


def _share(whole: frozenset[str], part: frozenset[str]) -> float:
    """Return how much of a set is in another one; nothing of an empty set."""
    return len(whole & part) / len(whole) if whole else 0.0


@lru_cache(16_384)
def _words(path: str) -> frozenset[str]:
    return frozenset(terms_of(path))
