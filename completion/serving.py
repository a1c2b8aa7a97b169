"""Which documents are served, and which requests: what the user has turned off, and where."""

from functools import lru_cache

from pathspec import GitIgnoreSpec

from completion.context.repositories import Repositories
from completion.document import Document
from completion.document_names import path_of
from completion.lexemes import LexemeKind
from completion.settings import CompletionSettings
from completion.syntax import Place
from completion.types import Candidate, CompletionOptions, EmptyReason
from retrieval.secrets import reason_by_name

_REMEMBERED_PATHS = 512
_PARTS_THAT_TELL = 3
"""Of a path, from its end: a folder far above, such as a home, says nothing about a file."""


class Admission:
    """Knows which documents may reach the model.

    Args:
        repositories: Know what is ignored.
    """

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    def refusal(self, document: Document, settings: CompletionSettings) -> EmptyReason | None:
        """Say why nothing of a document may reach the model; None if it may."""
        refusal = _refusal_of_document(document, settings)
        if refusal is None and self._repositories.is_ignored(document.name):
            return EmptyReason.IGNORED_FILE
        return refusal


def _refusal_of_document(document: Document, settings: CompletionSettings) -> EmptyReason | None:
    if not settings.enabled:
        return EmptyReason.DISABLED
    if document.language in settings.disabled_languages:
        return EmptyReason.LANGUAGE_OFF
    path = path_of(document.name).lstrip("/")
    if _is_disabled_path(path, settings.disabled_paths):
        return EmptyReason.PATH_OFF
    if reason_by_name("/".join(path.split("/")[-_PARTS_THAT_TELL:])):
        return EmptyReason.PRIVATE_FILE
    if document.is_larger_than(settings.max_document_bytes):
        return EmptyReason.DOCUMENT_TOO_LARGE
    return None


def refusal_of_request(
    options: CompletionOptions, settings: CompletionSettings
) -> EmptyReason | None:
    """Say why a request gets nothing wherever it is made; None if it may get something."""
    is_uncalled_for = not options.is_invoked and not settings.automatic
    return EmptyReason.NOT_ASKED_FOR if is_uncalled_for else None


def refusal_of_place(
    place: Place, options: CompletionOptions, settings: CompletionSettings
) -> EmptyReason | None:
    """Say why a cursor gets nothing; None if it may get something."""
    if options.is_invoked:
        return None
    if place.literal is LexemeKind.COMMENT and not settings.in_comments:
        return EmptyReason.IN_COMMENT
    if place.literal is LexemeKind.STRING and not settings.in_strings:
        return EmptyReason.IN_STRING
    return None


def is_sure_enough(
    best: Candidate, options: CompletionOptions, settings: CompletionSettings
) -> bool:
    """Tell whether a suggestion is likely enough to be right to be shown."""
    return options.is_invoked or best.confidence * 100 >= settings.show_threshold


@lru_cache(maxsize=_REMEMBERED_PATHS)
def _is_disabled_path(path: str, patterns: tuple[str, ...]) -> bool:
    return bool(patterns) and _spec_of(patterns).match_file(path)


@lru_cache(maxsize=8)
def _spec_of(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    """Return the patterns; those that no ignore file could hold count as never matching."""
    return GitIgnoreSpec.from_lines([each for each in patterns if _is_valid(each)])


def _is_valid(pattern: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return False
    return True
