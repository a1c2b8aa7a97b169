"""From a task and the chunks chosen for it to what the model reads, within fixed budgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from completion.context.fitting import cut_to_room
from completion.layout import Layout, PromptParts
from completion.tokenization import Tokenization
from engine.tokens import TokenArray
from evaluation.bench.scenarios import Prompt, cut_to
from evaluation.errors import CannotMeasureError, UnexpectedResultError
from evaluation.fidelity.case import FILL_IN
from evaluation.repo.task import Task
from retrieval.types import Chunk

_MOST_CHARACTERS_A_TOKEN = 8  # on average over code


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens of a prompt. Each part has as many in all arms, or what there is of it.

    Attributes:
        chunk_tokens: For all chunks with their paths.
        before_tokens: For the text before the cursor.
        after_tokens: For the text after it.
    """

    chunk_tokens: int = 512
    before_tokens: int = 512
    after_tokens: int = 128


class RepoPrompter:
    """Lays tasks out for one model.

    Args:
        layout: Of the model's family.
        tokenization: The model's tokenizer.
        budget: Of every prompt.
    """

    def __init__(self, layout: Layout, tokenization: Tokenization, budget: Budget) -> None:
        self._layout = layout
        self._left_layout = Layout(
            replace(layout.family, prefix="", suffix="", middle=""), tokenization
        )
        self._tokenization = tokenization
        self.budget = budget

    def prompt(self, task: Task, chunks: Sequence[Chunk]) -> Prompt:
        """Return what the model reads; the best chunk, which is the first, next to the code.

        Raises:
            CannotMeasureError: If the model knows no text after the cursor and the task has some.
        """
        is_fill_in = task.layout == FILL_IN
        if is_fill_in and not self._layout.family.fills_in_the_middle:
            raise CannotMeasureError(
                f"the task {task.key} has text after the cursor and the model's family"
                f" {self._layout.family.name!r} does not read it; ask for --layouts prefix"
            )
        before = self._end_of(task.before)
        after = cut_to(task.after, self.budget.after_tokens, self._tokenization)
        parts = PromptParts(
            before=self._tokenization.encode(before),
            after=self._tokenization.encode(after),
            path=task.path,
            language=task.language,
            repository_name=task.package.split(" ")[0],
            chunks=tuple(reversed(chunks)),
        )
        laid_out = (self._layout if is_fill_in else self._left_layout).lay_out(parts)
        return Prompt(laid_out.tokens, laid_out.cursor, before, after if is_fill_in else None)

    def fitted(self, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
        """Take chunks, best first: whole while they fit, else their first lines.

        Scores are left out, so that the same text is the same choice whoever made it.
        """
        taken, left_tokens = [], self.budget.chunk_tokens
        for chunk in chunks:
            fitting = cut_to_room(chunk, left_tokens, self.num_tokens)
            if fitting is not None:
                taken.append(replace(fitting, score=0.0))
                left_tokens -= self.num_tokens(fitting)
        return tuple(taken)

    def num_tokens(self, chunk: Chunk) -> int:
        """Return how much of the budget a chunk takes, its path and its marker included."""
        return len(self._tokenization.encode(f"{chunk.path}\n{chunk.text}\n")) + 1

    def truth(self, task: Task) -> TokenArray:
        """Return the tokens of the target, (T,), at least one.

        The end of the last line belongs to them, unless it stands behind the cursor already.
        """
        tokens = self._tokenization.encode(task.target + ("" if task.after else "\n"))
        if not len(tokens):
            raise UnexpectedResultError(f"the task {task.key} has an empty target")
        return tokens

    def _end_of(self, text: str) -> str:
        """Return the last whole lines of a text that the budget has room for."""
        near = text[-self.budget.before_tokens * _MOST_CHARACTERS_A_TOKEN :]
        lines = near.splitlines(keepends=True)[len(near) < len(text) :]
        start, num_tokens = len(lines), 0
        while start:
            num_tokens += len(self._tokenization.encode(lines[start - 1]))
            if num_tokens > self.budget.before_tokens:
                break
            start -= 1
        return "".join(lines[start:])
