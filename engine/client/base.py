"""The one Protocol through which everything outside the engine uses it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

from engine.protocol.messages import (
    CacheMap,
    Encoding,
    EncodingRequest,
    EngineState,
    EngineStatus,
    GenerationEvent,
    GenerationRequest,
    SyncReport,
    TokenRange,
)

StateListener = Callable[[EngineState], None]
NoticeListener = Callable[[str], None]


class EngineClient(Protocol):
    """A session with an engine. Safe to use from one event loop, by many tasks at once.

    Work on one document is newest-wins: a `sync` or `generate` ends older unfinished work
    on the same document with `SupersededError`; only a `sync` to the very tokens of work in
    flight joins that work instead. Every wait for another process has a bound.

    Every method that waits may raise `EngineUnavailableError`: any of them may be the first
    to reach the engine, or find that it has gone.
    """

    @property
    def state(self) -> EngineState:
        """The last known state; never waits."""
        ...

    async def connect(self) -> None:
        """Reach an engine, starting a service where there is none. Idempotent.

        Returns once the engine answers, which may be long before the model is loaded.

        Raises:
            EngineUnavailableError: If none answers and none can be started.
            VersionMismatchError: If the engine speaks another version.
        """
        ...

    async def wait_ready(self, timeout_s: float) -> EngineState:
        """Wait until the model is loaded or failed to load, at most `timeout_s`.

        Returns:
            The state then; neither READY nor FAILED if the time was not enough.
        """
        ...

    def on_state(self, listener: StateListener) -> None:
        """Call `listener` at every change of state, from the event loop."""
        ...

    def on_notice(self, listener: NoticeListener) -> None:
        """Call `listener` with each sentence a user should see once, such as a restart."""
        ...

    async def sync(
        self,
        document: str,
        tokens: Sequence[int],
        cursor: int,
        chunks: Sequence[TokenRange] = (),
    ) -> SyncReport:
        """Make the live cache of `document` hold exactly `tokens`.

        Args:
            document: A name of the caller's choice, such as a URI.
            tokens: The whole prompt, at least one; over the wire only the difference travels.
            cursor: Token index just past the text before the cursor; tokens just before it
                are among those encoded afresh.
            chunks: Where text of other files stands, in order, as it may stand in other prompts
                too: what is computed for it is kept and used wherever the same tokens are named
                again.

        Raises:
            NotReadyError: If the model is not loaded.
            SupersededError: If newer work on the document took its place.
            PromptTooLongError: If the prompt exceeds the context or the byte budget.
            EngineError: If the prompt is empty or not of this model's tokens, or has no such
                chunks.
        """
        ...

    async def read_chunks(self, tokens: Sequence[int], chunks: Sequence[TokenRange]) -> None:
        """Read text of other files ahead, for prompts that may come to have it.

        Gives way to everything but refreshing, and to the session's next call of this kind.

        Args:
            tokens: What prompts begin with, up to their first chunk, and the chunks.
            chunks: Where they stand in it, in order.

        Raises:
            SupersededError: If the session asked for others meanwhile.
            NotReadyError, PromptTooLongError, EngineError: As `sync`.
        """
        ...

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Sync to the request's tokens, then stream candidates.

        The first event is `Synced`; each candidate ends with `Finished`. Closing the
        generator (`aclose`) cancels within one decoding step. Raises what `sync` raises, and
        `EngineError` if the request makes no sense.

        With `is_ahead` it is work that nobody waits for yet. It gives way to everything else,
        never changes the cache, and ends with `SupersededError` where the cache does not hold
        its tokens, where other work on the document is in flight or comes, and where it was
        left in the middle for something more urgent.
        """
        ...

    async def encode(self, request: EncodingRequest) -> Encoding:
        """Turn texts into vectors with a text encoder, which is loaded if need be.

        Gives way to `sync` and `generate`, and does not disturb what they have made. Cancelling
        ends it within a layer of the encoder.

        Raises:
            NotReadyError: If the model is not loaded.
            ModelError: If the encoder is not on the engine's machine, or of no use.
            EngineError: If there are too many texts.
        """
        ...

    async def inspect(self, document: str) -> CacheMap | None:
        """Describe the live cache of `document`; None when there is none."""
        ...

    async def close_document(self, document: str) -> None:
        """Say that `document` is closed; its cache becomes the first to go."""
        ...

    async def status(self) -> EngineStatus:
        """Describe the engine."""
        ...

    async def aclose(self) -> None:
        """Leave the engine, which keeps running; a session that all have left is closed."""
        ...
