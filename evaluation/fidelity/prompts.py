"""From a document and a cursor to what the model reads, and to what it ought to write."""

from completion.layout import Layout, PromptParts
from completion.tokenization import Tokenization
from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt, around_cursor, left_to_right
from evaluation.errors import CannotMeasureError, UnexpectedResultError
from evaluation.fidelity.case import FILL_IN, REPOSITORY, Case, State

_LINE_ENDS = ("\n", "\r")


class Prompter:
    """Lays cases out for one model.

    Attributes:
        tokenization: Its tokenizer.
    """

    def __init__(self, layout: Layout, tokenization: Tokenization) -> None:
        self._layout = layout
        self.tokenization = tokenization

    def can_lay_out(self, case: Case) -> bool:
        """Tell whether the model's family has a layout for the case."""
        return case.layout != FILL_IN or self._layout.family.fills_in_the_middle

    def encode(self, text: str) -> TokenArray:
        """Return the tokens of text taken literally."""
        return self.tokenization.encode(text)

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        """Return the prompt of each state.

        Raises:
            CannotMeasureError: If the model knows no text after the cursor and the case has some.
        """
        if not self.can_lay_out(case):
            raise CannotMeasureError(
                f"the case {case.key} has text after the cursor and the model's family"
                f" {self._layout.family.name!r} does not read it; leave out the kind {case.kind}"
            )
        return tuple(self._prompt(state, case) for state in case.states)

    def truth(self, case: Case) -> TokenArray:
        """Return the tokens of the true line, (T,), at least one.

        The line's end belongs to them, since tokens often hold the end of a line together with
        what stands before it; but not where it stands behind the cursor already.
        """
        last = case.states[-1]
        has_end = self._reads_on(case) and last.text[last.cursor :].startswith(_LINE_ENDS)
        tokens = self.encode(case.target if has_end else case.target + "\n")
        if not len(tokens):
            raise UnexpectedResultError(
                f"the case {case.key} has an empty target before the end of a line;"
                " a target must have characters"
            )
        return tokens

    def _reads_on(self, case: Case) -> bool:
        """Tell whether the prompts hold the text after the cursor."""
        fills_in = self._layout.family.fills_in_the_middle
        return case.layout == FILL_IN or (case.layout == REPOSITORY and fills_in)

    def _prompt(self, state: State, case: Case) -> Prompt:
        if case.layout == FILL_IN:
            return around_cursor(state.text, state.cursor, self._layout, self.tokenization)
        if case.layout == REPOSITORY:
            return self._behind_chunks(state, case)
        return left_to_right(state.text[: state.cursor], self.tokenization)

    def _behind_chunks(self, state: State, case: Case) -> Prompt:
        before, after = state.text[: state.cursor], state.text[state.cursor :]
        lead = self._layout.leading_text(state.chunks)
        parts = PromptParts(
            before=self.encode(lead + before),
            after=self.encode(after),
            path=case.path,
            language=case.language,
            repository_name=case.package.split()[0],
            chunks=state.chunks,
        )
        laid_out = self._layout.lay_out(parts)
        return Prompt(laid_out.tokens, laid_out.cursor, before, after, laid_out.chunks)
