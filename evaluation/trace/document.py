"""The recorded file as the language server would hold it, and the same by plainer means."""

from completion.budget import Window
from completion.document import Document
from completion.layout import Prompt, PromptParts
from completion.open_documents import OpenDocument
from completion.prompting import path_in_repository
from completion.settings import CompletionSettings
from engine.tokens import TokenArray
from evaluation.trace.model import TraceModel
from evaluation.trace.recording import Transaction

MAX_TOKENS = 16
"""Most tokens of the completions that are compared."""

_LANGUAGE = "plaintext"  # tells about comments only, and nothing is put into any


class TypedDocument:
    """One open document with its cursor and the window of its prompt.

    Args:
        name: Of the document.
        text: Before the first transaction.
        model: Whose prompts are wanted.
        prompt_tokens: Most tokens of text in them.
    """

    def __init__(self, name: str, text: str, model: TraceModel, prompt_tokens: int) -> None:
        self._entry = OpenDocument(Document(name, _LANGUAGE, 0, text))
        self._held_back = ""
        self._model = model
        after_tokens = prompt_tokens // 4  # the share that the default settings have
        self._settings = CompletionSettings(
            prefix_tokens=prompt_tokens - after_tokens, suffix_tokens=after_tokens
        )

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._entry.document.text

    def apply(self, transaction: Transaction) -> None:
        """Take all patches of a transaction; the cursor follows the last one.

        Raises:
            ValueError: If a patch is outside the text.
        """
        for patch in transaction.patches:
            document, stop = self._entry.document, patch.start + patch.num_deleted
            edited = document.edited(patch.start, stop, patch.inserted, document.version + 1)
            self._entry.change(edited, patch.start + len(patch.inserted))

    def prompt(self) -> Prompt:
        """Lay out what the model reads now, as for a request at the cursor."""
        document, cursor = self._entry.document, self._cursor
        built = self._model.builder.build(
            document, cursor, self._settings, MAX_TOKENS, previous=self._entry.window
        )
        self._entry.remember_window(document, built.window)
        self._held_back = built.held_back
        return built.prompt

    def tokenised_afresh(self) -> TokenArray:
        """Return the tokens of the last prompt, its text tokenised in one piece each side."""
        window = self._entry.window or Window(0, 0)
        layout, text = self._model.builder.layout, self.text
        parts = PromptParts(
            before=self._model.encode_whole(
                layout.leading_text(())
                + text[window.start : self._cursor].removesuffix(self._held_back)
            ),
            after=self._model.encode_whole(text[self._cursor : window.stop]),
            path=path_in_repository(self._entry.document.name, ""),
            language=_LANGUAGE,
        )
        return layout.lay_out(parts).tokens

    @property
    def _cursor(self) -> int:
        return self._entry.cursor or 0
