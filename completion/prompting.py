"""From a document and a cursor to a prompt, for one loaded model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from completion.budget import Window, fit_window, limits_for
from completion.document import Document
from completion.document_names import path_of
from completion.families import detect_family
from completion.healing import HealingWriter, Writer, held_back
from completion.layout import Layout, Prompt, PromptParts
from completion.settings import CompletionSettings
from completion.tokenization import Tokenization
from engine.protocol.messages import ModelDescription
from engine.tokens import TokenArray
from retrieval.secrets import without_secrets
from retrieval.types import Chunk


@dataclass(frozen=True, slots=True)
class BuiltPrompt:
    """A prompt and the part of the document that went into it."""

    prompt: Prompt
    window: Window
    held_back: str = ""  # the end of the text before the cursor, which is not in the prompt


class PromptBuilder:
    """Builds prompts for one model. Safe to use from several threads."""

    def __init__(
        self, description: ModelDescription, tokenization: Tokenization, repository_name: str
    ) -> None:
        self.description = description
        self.tokenization = tokenization
        family = detect_family(tokenization, description.vocabulary_size)
        self.layout = Layout(family, tokenization)
        self._repository_name = repository_name

    @classmethod
    def load(cls, description: ModelDescription, repository_name: str) -> "PromptBuilder":
        """Read the model's tokenizer.

        Raises:
            TokenizerFileError: If it cannot be read.
        """
        tokenization = Tokenization.load(Path(description.directory))
        return cls(description, tokenization, repository_name)

    def build(
        self,
        document: Document,
        cursor: int,
        settings: CompletionSettings,
        max_tokens: int,
        *,
        previous: Window | None = None,
        chunks: tuple[Chunk, ...] = (),
    ) -> BuiltPrompt:
        """Lay out the prompt for `cursor`, as like the previous one as the budget allows.

        The word at the cursor is not in it, see `completion.healing`.

        Secrets in the document are letters `x` in the prompt, in the same places.

        Room for chunks is set aside whether there are any or not, so that the window around
        the cursor does not move when they come.
        """
        limits = limits_for(
            settings,
            self.description.context_tokens - self.context_budget(settings),
            max_tokens,
            has_suffix=self.layout.family.fills_in_the_middle,
        )
        lead = self.layout.leading_text(chunks)
        text = without_secrets(document.text)
        word = held_back(text, cursor) if settings.heal_words else ""
        fitted = fit_window(
            text[: cursor - len(word)] + text[cursor:],
            cursor - len(word),
            limits,
            encode_before=lambda text: self._encode(lead + text),
            encode_after=self._encode,
            previous=_without(previous, cursor, len(word)),
        )
        parts = PromptParts(
            before=fitted.before,
            after=fitted.after,
            path=path_in_repository(document.name, self._repository_name),
            language=document.language,
            repository_name=self._repository_name,
            chunks=chunks,
        )
        window = Window(fitted.window.start, fitted.window.stop + len(word))
        return BuiltPrompt(self.layout.lay_out(parts), window, word)

    def writer(self, writer: Writer, built: BuiltPrompt) -> Writer:
        """Return what writes after the cursor of a prompt from which a word was held back."""
        if not built.held_back:
            return writer
        num_tokens = len(self._encode(built.held_back))
        return HealingWriter(writer, built.held_back.encode("utf-8", "replace"), num_tokens)

    def context_budget(self, settings: CompletionSettings) -> int:
        """Return how many tokens chunks may take: not too many of a small context."""
        return min(settings.context_tokens, self.description.context_tokens // 4)

    def chunk_counter(self, language: str) -> Callable[[Chunk], int]:
        """Return what counts the tokens of a chunk before a document in `language`."""
        return lambda chunk: self.layout.count_tokens(chunk, language)

    def _encode(self, text: str) -> TokenArray:
        return self.tokenization.encode(text)


def _without(window: Window | None, cursor: int, num_characters: int) -> Window | None:
    """Return a window of the text without the characters before the cursor."""
    if window is None or window.stop < cursor or window.start > cursor - num_characters:
        return None
    return Window(window.start, window.stop - num_characters)


def path_in_repository(name: str, repository_name: str) -> str:
    """Return what follows the folder `repository_name` in a path or URI, or the file's name."""
    parts = [part for part in path_of(name).split("/") if part]
    if repository_name in parts[:-1]:
        parts = parts[parts.index(repository_name) + 1 :]
    else:
        parts = parts[-1:]
    return "/".join(parts)
