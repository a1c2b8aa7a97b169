"""One sentence for each reason why there is no suggestion."""

from completion.types import EmptyReason
from engine.errors import (
    EngineError,
    EngineUnavailableError,
    NotReadyError,
    SupersededError,
    WireError,
)

_SENTENCES = {
    EmptyReason.LOADING: "The model is still loading; suggestions begin when it is ready.",
    EmptyReason.ENGINE_FAILED: "The engine failed; `warmline doctor` looks for the cause.",
    EmptyReason.ENGINE_UNAVAILABLE: "No engine answers; `warmline engine start` starts one.",
    EmptyReason.SUPERSEDED: "The text changed or a newer request came while this one was answered.",
    EmptyReason.NOTHING_TO_SAY: "The model has nothing to add at this place.",
    EmptyReason.REPEATS_SUFFIX: "The model only repeated what already follows the cursor.",
    EmptyReason.REPEATS_PREFIX: "The model only repeated what stands before the cursor.",
    EmptyReason.DOCUMENT_TOO_LARGE: "The document is larger than the setting max_document_bytes.",
    EmptyReason.POSITION_OUTSIDE: "The position is outside the document.",
    EmptyReason.UNKNOWN_DOCUMENT: "The document is not open; open it before asking.",
    EmptyReason.OUT_OF_STEP: "An edit of the document could not be read, so its text is not known;"
    " close it and open it again.",
    EmptyReason.DISABLED: "Suggestions are turned off in the settings.",
    EmptyReason.NOT_ASKED_FOR: "The setting automatic is off, so suggestions come when asked for.",
    EmptyReason.LANGUAGE_OFF: "The setting disabled_languages names the language of the document.",
    EmptyReason.PATH_OFF: "A pattern of the setting disabled_paths matches the document.",
    EmptyReason.PRIVATE_FILE: "The file is one for secrets by its name, so nothing of it is read.",
    EmptyReason.IGNORED_FILE: "An ignore file names the document, so nothing of it is read; a `!`"
    " pattern in .warmlineignore takes it in.",
    EmptyReason.IN_COMMENT: "The cursor is in a comment, and the setting in_comments is off.",
    EmptyReason.IN_STRING: "The cursor is in a string, and the setting in_strings is off.",
    EmptyReason.UNSURE: "The model is less sure than the setting show_threshold asks for.",
    EmptyReason.TIMED_OUT: "The suggestion took longer than the setting timeout_ms allows.",
}


def sentence_for(reason: EmptyReason) -> str:
    """Return the sentence that tells a person what `reason` means."""
    return _SENTENCES[reason]


def reason_for(error: EngineError) -> EmptyReason:
    """Return the reason that an error of the engine amounts to."""
    match error:
        case NotReadyError():
            return EmptyReason.LOADING
        case SupersededError():
            return EmptyReason.SUPERSEDED
        case EngineUnavailableError() | WireError():
            return EmptyReason.ENGINE_UNAVAILABLE
        case _:
            return EmptyReason.ENGINE_FAILED
