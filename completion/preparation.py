"""From what a user asks to what the engine is asked. Pure, and off the event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from completion.budget import Window
from completion.document import Document
from completion.errors import CompletionError
from completion.indentation import with_indentation_of
from completion.prompting import BuiltPrompt, PromptBuilder
from completion.settings import CompletionSettings
from completion.suggestion_cache import Shown
from completion.syntax import Place, ShapeKind, place_at
from completion.trimming import with_newlines_of
from completion.types import CompletionOptions
from engine.errors import NotReadyError
from engine.protocol.messages import MAX_CANDIDATES, GenerationRequest, ModelDescription, Sampling
from retrieval.types import Chunk

_INLINE_CHARACTERS = 4_000  # longer texts are worth the way to a thread and back
_ANY_CODE = "x"
_VARIED = Sampling(temperature=0.8, top_p=0.95)  # for all candidates but the first

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request, and what is needed to judge what comes back."""

    request: GenerationRequest
    place: Place
    built: BuiltPrompt


@dataclass(frozen=True, slots=True)
class PreparedNext:
    """A request for what comes after a suggestion, and the prompt it is made with."""

    request: GenerationRequest
    built: BuiltPrompt


def prepare_request(
    builder: PromptBuilder,
    document: Document,
    offset: int,
    settings: CompletionSettings,
    options: CompletionOptions,
    *,
    previous: Window | None,
    chunks: tuple[Chunk, ...] = (),
) -> PreparedRequest:
    """Lay out the prompt for one suggestion and decide where it should stop."""
    max_tokens = _max_tokens(builder, settings, options)
    built = builder.build(document, offset, settings, max_tokens, previous=previous, chunks=chunks)
    place = place_at(document.text, offset, document.language, multi_line=settings.multi_line)
    ends_with_line = place.shape.kind is ShapeKind.LINE and "\n" not in options.forced_text
    num_candidates = min(max(1, options.num_candidates), MAX_CANDIDATES)
    request = GenerationRequest(
        document=document.name,
        tokens=built.prompt.tokens.tolist(),
        cursor=built.prompt.cursor,
        max_tokens=max_tokens,
        stops=(b"\n",) if ends_with_line else (),
        num_candidates=num_candidates,
        sampling=_VARIED if num_candidates > 1 else Sampling(),
        forced_text=options.forced_text.encode("utf-8", errors="replace"),
        chunks=built.prompt.chunks,
    )
    return PreparedRequest(request, place, built)


def prepare_next(
    builder: PromptBuilder,
    document: Document,
    shown: Shown,
    settings: CompletionSettings,
    *,
    previous: Window | None,
    chunks: tuple[Chunk, ...] = (),
) -> PreparedNext | None:
    """Ask for what comes after `shown`: the same prompt, and the suggestion itself forced.

    None if the context has no room for that.
    """
    cursor, accepted = shown.remembered.stop, shown.candidates[0].text
    max_tokens = _max_tokens(builder, settings, shown.remembered.options)
    built = builder.build(document, cursor, settings, max_tokens, previous=previous, chunks=chunks)
    prompt = built.prompt
    num_forced = len(builder.tokenization.encode(accepted))
    room = builder.description.context_tokens - len(prompt.tokens)
    if room <= num_forced:
        return None
    request = GenerationRequest(
        document=document.name,
        tokens=prompt.tokens.tolist(),
        cursor=prompt.cursor,
        max_tokens=min(num_forced + max_tokens, room),
        forced_text=accepted.encode("utf-8", errors="replace"),
        chunks=prompt.chunks,
        is_ahead=True,
    )
    return PreparedNext(request, built)


def place_behind(
    document: Document, cursor: int, inserted: str, settings: CompletionSettings
) -> Place:
    """Look at the code around the end of `inserted`, as if it stood at `cursor`."""
    text = document.text[:cursor] + inserted + document.text[cursor:]
    offset = cursor + len(inserted)
    return place_at(text, offset, document.language, multi_line=settings.multi_line)


def line_start_behind(
    document: Document, cursor: int, inserted: str, written: str, settings: CompletionSettings
) -> str:
    """Return a written line break, and the indentation after it, as the document has them."""
    place = place_behind(document, cursor, inserted, settings)
    indented = with_indentation_of(place, written.replace("\r\n", "\n") + _ANY_CODE)
    return with_newlines_of(document.text, indented.removesuffix(_ANY_CODE))


def _max_tokens(
    builder: PromptBuilder, settings: CompletionSettings, options: CompletionOptions
) -> int:
    wanted = settings.max_tokens if options.max_tokens is None else options.max_tokens
    return max(1, min(wanted, builder.description.context_tokens // 2))


async def off_loop(document: Document, work: Callable[[], Result]) -> Result:
    """Do `work` in a thread if the document is large, at once if it is small."""
    if len(document.text) <= _INLINE_CHARACTERS:
        return work()
    return await asyncio.to_thread(work)


class PromptBuilders:
    """The builder of whatever model is loaded; each tokenizer is read once."""

    def __init__(self, repository_name: str) -> None:
        self._repository_name = repository_name
        self._directory = ""
        self._loading: asyncio.Task[PromptBuilder] | None = None

    async def builder_for(self, description: ModelDescription | None) -> PromptBuilder:
        """Return the builder for a model.

        Raises:
            NotReadyError: If there is no model yet.
            TokenizerFileError: If its tokenizer cannot be read.
        """
        if description is None:
            raise NotReadyError(
                "The model is not loaded yet, so there is no tokenizer; ask again when it is."
            )
        if self._loading is None or self._directory != description.directory:
            self._directory = description.directory
            load = asyncio.to_thread(PromptBuilder.load, description, self._repository_name)
            self._loading = asyncio.create_task(load)
        try:
            return await asyncio.shield(self._loading)  # other callers wait for it too
        except CompletionError:
            self._loading = None  # the file may be there the next time
            raise
