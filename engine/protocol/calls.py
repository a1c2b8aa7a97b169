"""What a client may ask, and what each method carries.

method          sent as        params          answer
hello           request        Hello           Welcome; must come first
sync            request        SyncCall        SyncReport
read_chunks     request        ReadChunksCall  Nothing, once they are read
generate        request        GenerateCall    stream of GenerationEvent, then Nothing
encode          request        EncodingRequest Encoding
inspect         request        DocumentCall    Inspection
close_document  request        DocumentCall    Nothing
status          request        Nothing         EngineStatus
stop            request        Nothing         Nothing; then the service leaves
cancel          notification   Cancel          to the service: the request gets no answer
state           notification   EngineState     to the client, whenever it changes
notice          notification   Notice          to the client: a sentence for its user
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.protocol.messages import (
    CacheMap,
    EngineState,
    GenerationRequest,
    Sampling,
    TokenRange,
)
from engine.protocol.tokens import TokenChange
from engine.tokens import TokenArray


class Method(StrEnum):
    """Names of requests and notifications."""

    HELLO = "hello"
    SYNC = "sync"
    GENERATE = "generate"
    ENCODE = "encode"
    READ_CHUNKS = "read_chunks"
    INSPECT = "inspect"
    CLOSE_DOCUMENT = "close_document"
    STATUS = "status"
    STOP = "stop"
    CANCEL = "cancel"
    STATE = "state"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Nothing:
    """No parameters, or no result."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who is there. Caches belong to `session`, which outlives a connection."""

    protocol: int
    session: str
    client: str  # for people, such as "warmline serve"


@dataclass(frozen=True, slots=True)
class Welcome:
    """Who answers."""

    protocol: int
    pid: int
    state: EngineState


@dataclass(frozen=True, slots=True)
class SyncCall:
    """Make the live cache of `document` hold exactly these tokens."""

    document: str
    tokens: TokenChange
    cursor: int
    chunks: tuple[TokenRange, ...]


@dataclass(frozen=True, slots=True)
class ReadChunksCall:
    """Read chunks of a prompt that may come."""

    tokens: Sequence[int]
    chunks: tuple[TokenRange, ...]


@dataclass(frozen=True, slots=True)
class GenerateCall:
    """A `GenerationRequest` with its tokens as a change."""

    document: str
    tokens: TokenChange
    cursor: int
    max_tokens: int
    stops: tuple[bytes, ...]
    num_candidates: int
    sampling: Sampling
    forced_text: bytes
    continuations: tuple[bytes, ...]
    chunks: tuple[TokenRange, ...]
    drafts: bool
    is_ahead: bool

    @classmethod
    def of(cls, request: GenerationRequest, tokens: TokenChange) -> "GenerateCall":
        """Put `request` into wire form."""
        return cls(
            document=request.document,
            tokens=tokens,
            cursor=request.cursor,
            max_tokens=request.max_tokens,
            stops=request.stops,
            num_candidates=request.num_candidates,
            sampling=request.sampling,
            forced_text=request.forced_text,
            continuations=request.continuations,
            chunks=request.chunks,
            drafts=request.drafts,
            is_ahead=request.is_ahead,
        )

    def request(self, tokens: TokenArray) -> GenerationRequest:
        """Return the request, with its tokens in full."""
        return GenerationRequest(
            document=self.document,
            tokens=tuple(tokens.tolist()),
            cursor=self.cursor,
            max_tokens=self.max_tokens,
            stops=self.stops,
            num_candidates=self.num_candidates,
            sampling=self.sampling,
            forced_text=self.forced_text,
            continuations=self.continuations,
            chunks=self.chunks,
            drafts=self.drafts,
            is_ahead=self.is_ahead,
        )


@dataclass(frozen=True, slots=True)
class DocumentCall:
    """Something about one document."""

    document: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """The cache of a document, if there is one."""

    cache: CacheMap | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for the answer to request `id` any more."""

    id: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence that a user should see once."""

    message: str
