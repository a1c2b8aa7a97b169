"""What a completion is, for whoever asks for one."""

from dataclasses import dataclass, field
from enum import StrEnum

from completion.confidence import LineOdds, confidence_of
from completion.guidance.report import GuidanceReport
from engine.protocol.messages import DecodeReport, SyncReport


class EmptyReason(StrEnum):
    """Why there is no text. Each has one sentence in `completion.reasons`."""

    LOADING = "loading"
    ENGINE_FAILED = "engine-failed"
    ENGINE_UNAVAILABLE = "engine-unavailable"
    SUPERSEDED = "superseded"
    NOTHING_TO_SAY = "nothing-to-say"
    REPEATS_SUFFIX = "repeats-suffix"
    REPEATS_PREFIX = "repeats-prefix"
    DOCUMENT_TOO_LARGE = "document-too-large"
    POSITION_OUTSIDE = "position-outside"
    UNKNOWN_DOCUMENT = "unknown-document"
    OUT_OF_STEP = "out-of-step"
    DISABLED = "disabled"
    NOT_ASKED_FOR = "not-asked-for"
    LANGUAGE_OFF = "language-off"
    PATH_OFF = "path-off"
    PRIVATE_FILE = "private-file"
    IGNORED_FILE = "ignored-file"
    IN_COMMENT = "in-comment"
    IN_STRING = "in-string"
    UNSURE = "unsure"
    TIMED_OUT = "timed-out"


class Origin(StrEnum):
    """Where an answer comes from."""

    MODEL = "model"  # written for this request
    TYPED_ALONG = "typed_along"  # what is left of an earlier answer
    PREPARED = "prepared"  # written while the suggestion before it was shown


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """What one request asks for. None means: as the settings say."""

    num_candidates: int = 1
    max_tokens: int | None = None
    forced_text: str = ""  # every candidate begins with this, and it is part of the text
    is_invoked: bool = False  # somebody asked for it, and has time for analysis
    is_debounced: bool = False  # the editor has waited for a pause in typing already


@dataclass(frozen=True, slots=True)
class Candidate:
    """One suggestion, already trimmed, to be inserted at the cursor."""

    text: str
    num_tokens: int  # as the model wrote it, even where a part is typed by now
    mean_logprob: float
    first_line: LineOdds = field(default_factory=LineOdds)  # as the model wrote it

    @property
    def confidence(self) -> float:
        """How likely its first line is right, from 0 to 1."""
        return confidence_of(self.first_line)


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds from the request."""

    sync_ms: float
    first_token_ms: float
    total_ms: float
    search_ms: float = 0.0  # of the total: waited for what helps in other files


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer to one request. Either `candidates` or `reason` is non-empty."""

    candidates: tuple[Candidate, ...]
    model: str
    timings: Timings
    sync: SyncReport | None
    num_generated: int
    decoding: DecodeReport | None = None  # as far as it was followed
    reason: EmptyReason | None = None
    detail: str = ""  # one sentence for people when empty
    origin: Origin = Origin.MODEL
    guidance: GuidanceReport = field(default_factory=GuidanceReport)

    @property
    def text(self) -> str:
        """The best candidate's text, or nothing."""
        return self.candidates[0].text if self.candidates else ""
