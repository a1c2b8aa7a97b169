"""The engine's vocabulary: requests, events and reports as plain data.

Token positions are indices into one prompt, 0-based; ranges are half-open. Times are
milliseconds. Nothing here knows about text, except `text` in generated pieces, which is
bytes because a token may end in the middle of a character.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

PROTOCOL_VERSION = 5

MAY_BE_MISSING = "may_be_missing"
"""Marks a field with a default that older ones of the same protocol version do not send."""

MAX_CANDIDATES = 16
"""Most texts one request may ask for. Each takes scratch rows and a place in every pass."""

MAX_ENCODED_TEXTS = 512
"""Most texts one request may have turned into vectors."""

MAX_CONTINUATIONS = 20_000
MAX_CONTINUATION_BYTES = 1_000_000
"""Most continuations of one request, and most bytes of all together with its forced text."""


class Phase(StrEnum):
    """Where the engine is in its life."""

    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class FinishReason(StrEnum):
    """Why a candidate ended."""

    STOP = "stop"  # at a stop string, which is not part of the text; or no token was allowed
    LENGTH = "length"  # it has as many tokens as were asked for
    END_OF_TEXT = "end_of_text"  # the model ended it
    CANCELLED = "cancelled"  # the engine went away while it was being written


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What the torch-free side needs to know about the loaded model."""

    name: str
    model_type: str  # `model_type` of the model's configuration, e.g. "qwen2"
    directory: str  # holds tokenizer.json; on the engine's machine
    context_tokens: int
    vocabulary_size: int
    storage_type: str  # "bfloat16" or "float32"
    device: str
    can_rotate: bool
    rotation_note: str  # why not, when it cannot; empty otherwise


@dataclass(frozen=True, slots=True)
class EngineState:
    """Life cycle, as told to every client whenever it changes."""

    phase: Phase
    fraction: float = 0.0  # of loading, 0 to 1
    message: str = ""  # one sentence for people
    model: ModelDescription | None = None  # set when READY


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Tokens of a prompt, [start, stop)."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did. `kept + moved + encoded == prompt`."""

    prompt: int  # tokens in the prompt now
    kept: int  # stayed where they were
    moved: int  # re-rotated to another position, or taken from the store of chunks
    encoded: int  # new, or encoded afresh as repair
    exact_prefix: int  # tokens known to equal a fresh prefill
    sync_ms: float


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens. Temperature 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One suggestion to be written after the prompt.

    With several candidates, the first is greedy whatever the sampling says and the others
    are sampled; all read one cache.

    `continuations` are what may follow the forced text, such as the names of an object's
    members; none at all means anything. One that ends in a byte of a name (a letter, a digit,
    `_`, `$`, or anything beyond ASCII) is followed by something else or by the end of the text,
    so that `count` does not pass for `counter`; after any other, such as `key=`, all may follow.
    An empty one says that the name written there is whole: no byte of a name follows.
    """

    document: str
    tokens: Sequence[int]
    cursor: int  # token index just past the text before the cursor
    max_tokens: int
    stops: tuple[bytes, ...] = ()
    num_candidates: int = 1
    sampling: Sampling = field(default_factory=Sampling)
    forced_text: bytes = b""  # every candidate begins with exactly this
    continuations: tuple[bytes, ...] = ()  # then goes on with one of these; none: with anything
    chunks: tuple[TokenRange, ...] = ()  # where text of other files stands, see `sync`
    drafts: bool = True  # guess ahead where that saves time; the same text but for near ties
    is_ahead: bool = False  # nobody waits for it yet, see `EngineClient.generate`


@dataclass(frozen=True, slots=True)
class Synced:
    """The cache now holds the prompt; decoding begins."""

    report: SyncReport


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """What decoding has taken so far, all candidates together."""

    tokens: int  # chosen
    passes: int  # through the model; the first tokens come from the sync's own
    drafted: int  # tokens guessed ahead and checked
    accepted: int  # of those, chosen; each saves a pass
    decode_ms: float  # the engine's own time, without waiting for other work


@dataclass(frozen=True, slots=True)
class Decoded:
    """Comes before what a step of decoding brought; the latest one counts."""

    report: DecodeReport


@dataclass(frozen=True, slots=True)
class Piece:
    """More text of one candidate. `tokens` may be empty when bytes were held back before."""

    candidate: int
    tokens: tuple[int, ...]
    text: bytes
    logprob: float  # sum over `tokens`, natural logarithm, model's own distribution


@dataclass(frozen=True, slots=True)
class Finished:
    """One candidate has ended."""

    candidate: int
    reason: FinishReason


GenerationEvent = Synced | Decoded | Piece | Finished


@dataclass(frozen=True, slots=True)
class EncodingRequest:
    """Texts to be turned into vectors by a text encoder, which is not the model.

    Texts longer than the encoder reads are cut: at their beginning with `keeps_end`, otherwise
    at their end.
    """

    encoder: str  # a name `warmline models list` shows, or a folder on the engine's machine
    texts: tuple[str, ...]
    keeps_end: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """A vector of length one for each text, as little-endian float32, one after the other."""

    size: int  # numbers in a vector
    vectors: bytes


@dataclass(frozen=True, slots=True)
class CacheRun:
    """A run of tokens in the same state, [start, stop)."""

    start: int
    stop: int
    origin: str  # "kept", "moved" or "encoded", by the last sync or refresh
    is_exact: bool


@dataclass(frozen=True, slots=True)
class CacheMap:
    """One live cache, as it is now."""

    document: str
    tokens: Sequence[int]
    runs: tuple[CacheRun, ...]
    exact_prefix: int
    bytes_used: int
    last_sync: SyncReport | None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The service as a whole."""

    state: EngineState
    pid: int
    uptime_s: float
    num_clients: int
    documents: tuple[str, ...]  # held caches, newest first
    cache_bytes: int
    cache_budget_bytes: int
    weights_bytes: int  # that weights take beside the files they are mapped from
    notes: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()  # text encoders in memory
    encoder_bytes: int = 0
    # of keys and values of other files' chunks, which all caches share
    chunk_bytes: int = field(default=0, metadata={MAY_BE_MISSING: True})
    # pieces of work at hand or waiting for their turn, refreshing included
    num_jobs: int = field(default=0, metadata={MAY_BE_MISSING: True})
