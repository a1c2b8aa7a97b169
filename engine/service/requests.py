"""What a request must be before it may reach the model."""

from collections.abc import Sequence

from engine.errors import EngineError, PromptTooLongError
from engine.protocol.messages import (
    MAX_CANDIDATES,
    MAX_CONTINUATION_BYTES,
    MAX_CONTINUATIONS,
    MAX_ENCODED_TEXTS,
    EncodingRequest,
    GenerationRequest,
    ModelDescription,
    TokenRange,
)
from engine.tokens import TokenArray, as_token_array


def checked_prompt(
    tokens: Sequence[int] | TokenArray,
    cursor: int,
    chunks: Sequence[TokenRange],
    model: ModelDescription,
) -> TokenArray:
    """Return the prompt as (L,) int32.

    Raises:
        PromptTooLongError: If it exceeds the model's context.
        EngineError: If it is empty, has a token the model has not, or no such cursor or chunks.
    """
    prompt = as_token_array(tokens)
    if not len(prompt):
        raise EngineError("The prompt has no tokens, expected at least one.")
    if prompt.max() >= model.vocabulary_size:
        raise EngineError(
            f"The prompt has the token {prompt.max()}, and {model.name} knows those below "
            f"{model.vocabulary_size}; was it made with this model's tokenizer?"
        )
    if not 0 <= cursor <= len(prompt):
        raise EngineError(
            f"The cursor is at {cursor} in a prompt of {len(prompt)} tokens, expected to be in it."
        )
    _check_chunks(chunks, len(prompt))
    if len(prompt) > model.context_tokens:
        raise PromptTooLongError(
            f"The prompt has {len(prompt)} tokens and {model.name} reads {model.context_tokens}; "
            "shorten it."
        )
    return prompt


def checked_generation(request: GenerationRequest, model: ModelDescription) -> TokenArray:
    """Return the request's prompt as (L,) int32. Raises what `checked_prompt` raises."""
    prompt = checked_prompt(request.tokens, request.cursor, request.chunks, model)
    if request.max_tokens < 1 or request.num_candidates < 1:
        raise EngineError(
            f"{request.num_candidates} candidates of {request.max_tokens} tokens were asked for, "
            "expected at least one of each."
        )
    if request.num_candidates > MAX_CANDIDATES:
        raise EngineError(
            f"{request.num_candidates} candidates were asked for, expected at most "
            f"{MAX_CANDIDATES}."
        )
    _check_continuations(request)
    if len(prompt) + request.max_tokens > model.context_tokens:
        raise PromptTooLongError(
            f"The prompt has {len(prompt)} tokens, {request.max_tokens} more were asked for, and "
            f"{model.name} has room for {model.context_tokens}; shorten it."
        )
    return prompt


def _check_continuations(request: GenerationRequest) -> None:
    """Raise EngineError if there are more than a mask can be made of in passing."""
    num_bytes = len(request.forced_text) + sum(map(len, request.continuations))
    if len(request.continuations) > MAX_CONTINUATIONS or (
        request.continuations and num_bytes > MAX_CONTINUATION_BYTES
    ):
        raise EngineError(
            f"{len(request.continuations)} continuations of {num_bytes} bytes, forced text "
            f"included, came with the request, expected at most {MAX_CONTINUATIONS} of "
            f"{MAX_CONTINUATION_BYTES}; leave them out, and nothing is forbidden."
        )


def check_encoding(request: EncodingRequest) -> None:
    """Raise `EngineError` if there are more texts than one request may have."""
    if len(request.texts) > MAX_ENCODED_TEXTS:
        raise EngineError(
            f"{len(request.texts)} texts were to be encoded, expected at most"
            f" {MAX_ENCODED_TEXTS} in one request; send several."
        )


def _check_chunks(chunks: Sequence[TokenRange], num_tokens: int) -> None:
    """Raise EngineError unless chunks lie in the prompt, in order and apart."""
    reached = 0
    for chunk in chunks:
        if not reached <= chunk.start < chunk.stop <= num_tokens:
            raise EngineError(
                f"A chunk at [{chunk.start}, {chunk.stop}) was named in a prompt of {num_tokens} "
                f"tokens, expected one that is not empty and begins at {reached} or later."
            )
        reached = chunk.stop
