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
- `imported_from`: the document imports its file.
- `imported_there`: names it defines that the document imports from its file.
- `defines_alike`: share of the words of its defined names that are words of the last 3 lines.
- `mentions_current`: share of the names of the last 3 lines that occur in it.
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

FEATURES = (
    "lexical_share",
    "lexical_rank",
    "defines_current",
    "defines_recent",
    "defines_scope",
    "defines_source",
    "defines_imported",
    "imported_from",
    "imported_there",
    "defines_alike",
    "mentions_current",
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
