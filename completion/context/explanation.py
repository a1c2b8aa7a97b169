"""Why a prompt looks as it does: for people, and the same as plain data.

Every dataclass here is JSON by `dataclasses.asdict`; docs/protocol.md describes it.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from completion.context.fitting import Fitted
from completion.context.keeper import PAUSE_TIMEOUT_S, ContextKeeper, Proposal
from completion.context.selection import Passage
from completion.guidance.explaining import ExplainedName
from completion.layout import Prompt
from completion.open_documents import OpenDocument
from completion.preparation import off_loop
from completion.prompting import BuiltPrompt, PromptBuilder
from completion.settings import CompletionSettings
from completion.tokenization import Tokenization

STAYS = "What was found now is not clearly better than what the prompt has, so that stays."
NOTHING_HELPS = "Nothing that was found is expected to help here."
NOTHING_FOUND = "Nothing was found."


@dataclass(frozen=True, slots=True)
class ExplainedChunk:
    """A chunk that was considered.

    Attributes:
        path: Relative to its repository.
        line: Of its first line, from 1.
        num_lines: As quoted, or as found where it is left out.
        origin: "repository" or "recent-edit".
        score: That it was ranked by; comparable within one explanation.
        lexical_score: Of the first stage, if that saw it.
        encoder_score: Of the second stage, if that saw it.
        gain: 1 is as good as the best that was found, 0 no better than nothing.
        tokens: In the prompt; 0 where it is left out.
        is_cut: Whether its last lines are missing in the prompt.
        left_out: Why it is not in the prompt; empty if it is.
        text: As quoted; empty where it is left out, as it may be a secret.
    """

    path: str
    line: int
    num_lines: int
    origin: str
    score: float
    lexical_score: float | None
    encoder_score: float | None
    gain: float
    tokens: int
    is_cut: bool
    left_out: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A run of the prompt: `kind` as in `completion.layout.SegmentKind`."""

    kind: str
    label: str
    tokens: int
    text: str


@dataclass(frozen=True, slots=True)
class SearchTimes:
    """Milliseconds: of each stage, of the whole search, of choosing and laying out."""

    lexical_ms: float
    encoder_ms: float
    search_ms: float
    prompt_ms: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a suggestion at one place is made from.

    Attributes:
        document: Its name.
        model: Whose tokens are counted.
        query: The text that was searched with.
        chunks: In the prompt, as they stand there: the best last.
        left_out: Considered and left out, best first.
        stop_score: Of the candidate "nothing helps", if there is one.
        stop_rank: How many candidates of the second stage are better than that.
        budget_tokens: For chunks.
        context_tokens: That they take.
        prompt_tokens: Of the whole prompt.
        note: Why there are no chunks, or not the newest; a sentence or nothing.
        timings: What it took.
        prompt: All of it, from front to back.
        name: What may stand at the cursor, where monitors have anything to say.
    """

    document: str
    model: str
    query: str
    chunks: tuple[ExplainedChunk, ...]
    left_out: tuple[ExplainedChunk, ...]
    stop_score: float | None
    stop_rank: int | None
    budget_tokens: int
    context_tokens: int
    prompt_tokens: int
    note: str
    timings: SearchTimes
    prompt: tuple[PromptPart, ...]
    name: ExplainedName | None = None


async def explain(
    keeper: ContextKeeper,
    entry: OpenDocument,
    offset: int,
    builder: PromptBuilder,
    settings: CompletionSettings,
) -> Explanation:
    """Search as at a pause, without taking anything up, and lay out the prompt that follows.

    Args:
        keeper: Searches.
        entry: The document, and what its prompt has had so far.
        offset: Where a suggestion would go, in code points.
        builder: Of the model that is loaded.
        settings: As for a suggestion.
    """
    document, context, window = entry.document, entry.context, entry.window
    timeout_s = max(PAUSE_TIMEOUT_S, settings.context_timeout_ms / 1000)
    proposal = await keeper.propose(document, offset, builder, settings, timeout_s)
    is_taken = not context.is_searched or keeper.is_worth_taking(proposal, context, document.name)
    fitted = proposal.fitted if is_taken else context.fitted
    started = time.perf_counter()

    def lay_out() -> tuple[BuiltPrompt, tuple[PromptPart, ...]]:
        built = builder.build(
            document,
            offset,
            settings,
            settings.max_tokens,
            previous=window,
            chunks=fitted.chunks,
        )
        return built, tuple(_parts(built.prompt, builder.tokenization))

    built, parts = await off_loop(document, lay_out)
    prompt_ms = (time.perf_counter() - started) * 1000
    retrieval = proposal.retrieval
    return Explanation(
        document=document.name,
        model=builder.description.name,
        query=retrieval.query,
        chunks=tuple(_quoted(fitted, proposal)),
        left_out=tuple(_left_out(fitted, proposal)),
        stop_score=retrieval.stop_score,
        stop_rank=retrieval.stop_rank,
        budget_tokens=proposal.budget_tokens,
        context_tokens=fitted.num_tokens,
        prompt_tokens=len(built.prompt.tokens),
        note=_note(proposal, fitted),
        timings=SearchTimes(
            retrieval.lexical_ms, retrieval.encoder_ms, proposal.search_ms, prompt_ms
        ),
        prompt=parts,
    )


def _quoted(fitted: Fitted, proposal: Proposal) -> Iterator[ExplainedChunk]:
    for quotation in reversed(fitted.quotations):
        passage = proposal.selection.present(quotation.passage)
        explained = _explained(passage)
        yield replace(
            explained,
            num_lines=_num_lines(quotation.chunk.text),
            tokens=quotation.num_tokens,
            is_cut=quotation.is_cut,
            left_out="",
            text=quotation.chunk.text,
        )


def _left_out(fitted: Fitted, proposal: Proposal) -> Iterator[ExplainedChunk]:
    quoted = [quotation.passage for quotation in fitted.quotations]
    for passage in _with_reasons(proposal):
        if not any(passage.is_of_same_text(each) for each in quoted):
            reason = passage.left_out or "what the prompt has is about as good"
            yield _explained(replace(passage, left_out=reason))


def _with_reasons(proposal: Proposal) -> Sequence[Passage]:
    """Return all passages, best first, those without room with that as their reason."""
    without_room = proposal.fitted.left_out
    passages = proposal.selection.passages
    return [
        next((each for each in without_room if each.is_of_same_text(passage)), passage)
        for passage in passages
    ]


def _explained(passage: Passage) -> ExplainedChunk:
    chunk = passage.chunk
    return ExplainedChunk(
        path=chunk.path,
        line=chunk.start_line + 1,
        num_lines=_num_lines(chunk.text),
        origin=passage.origin.value,
        score=float(chunk.score),
        lexical_score=_plain(passage.lexical_score),
        encoder_score=_plain(passage.encoder_score),
        gain=float(passage.gain),
        tokens=0,
        is_cut=False,
        left_out=passage.left_out,
        text="",
    )


def _plain(score: float | None) -> float | None:
    """Make a number of numpy's one that JSON knows."""
    return None if score is None else float(score)


def _parts(prompt: Prompt, tokenization: Tokenization) -> Iterator[PromptPart]:
    for segment in prompt.segments:
        text = tokenization.decode(prompt.tokens[segment.start : segment.stop].tolist())
        num_tokens = segment.stop - segment.start
        yield PromptPart(segment.kind.value, segment.label, num_tokens, text)


def _num_lines(text: str) -> int:
    return len(text.splitlines())


def _note(proposal: Proposal, fitted: Fitted) -> str:
    if proposal.problem:
        return proposal.problem
    if fitted.chunks != proposal.fitted.chunks:
        return STAYS
    if fitted.chunks:
        return ""
    return NOTHING_HELPS if proposal.selection.passages else NOTHING_FOUND
