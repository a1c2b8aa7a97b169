"""Answers of analysis that come after a suggestion was given."""

from dataclasses import replace

from completion.background import BackgroundTasks
from completion.guidance.guidance import Guidance
from completion.open_documents import OpenDocument, Unsettled
from completion.suggestion_cache import Remembered
from completion.trimming import with_newlines_of
from completion.types import Candidate

LATE_MS = 3_000.0
"""How long after a suggestion answers still count: longer than any analyser takes that works."""


class LateAnswers:
    """Goes on judging a suggestion that is remembered, for as long as one goes along with it.

    What turns out not to exist is taken back from the memory, together with what was prepared
    to come after it. The editor may still show it; whoever types on is told something better.

    Args:
        background: Runs the work.
        late_ms: How long answers are waited for.
    """

    def __init__(self, background: BackgroundTasks, late_ms: float = LATE_MS) -> None:
        self._background = background
        self._late_ms = late_ms

    def follow(
        self, entry: OpenDocument, remembered: Remembered, typed: str, guidance: Guidance
    ) -> None:
        """Begin to judge, unless all answers are there; takes `guidance` over.

        Args:
            entry: Whose suggestion it is.
            remembered: What was just remembered.
            typed: What stood between its start and the place where it was written.
            guidance: Has judged what was written so far.
        """
        if guidance.is_settled:
            return
        guidance.take_over()
        work = self._judge(entry, remembered, typed, guidance)
        task = self._background.start(work, f"judging what was suggested in {entry.document.name}")
        task.add_done_callback(lambda _: guidance.close())
        entry.unsettled.append(Unsettled(remembered, task))

    async def _judge(
        self, entry: OpenDocument, remembered: Remembered, typed: str, guidance: Guidance
    ) -> None:
        given = remembered.candidates
        async for forbidden in guidance.objections(self._late_ms):
            text = typed + with_newlines_of(entry.document.text, forbidden)
            entry.suggestions.take_back(remembered.start, text)
            _report(entry, given, guidance)


def _report(entry: OpenDocument, given: tuple[Candidate, ...], guidance: Guidance) -> None:
    """Let the account of the last suggestion say what was taken back, if it is still the last."""
    last = entry.last_suggestion
    if last is not None and last.candidates is given:
        report = replace(guidance.report(), waited_ms=last.guidance.waited_ms)
        entry.last_suggestion = replace(last, guidance=report)
