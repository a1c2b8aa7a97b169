"""Many open documents: what an edit in one of them costs, and what all of them hold."""

from collections.abc import Sequence
from pathlib import Path

from evaluation.bench.serving.plan import ServePlan
from evaluation.bench.serving.sources import library_texts
from evaluation.editor import Editor
from evaluation.report import Parameter, Row, summarise

_INSERTED = "# Whatever follows has moved down by this line.\n"
_MEGABYTE = 1e6


async def documents_rows(editor: Editor, folder: Path, plan: ServePlan) -> list[Row]:
    """Open more and more documents, and edit some of them each time.

    The documents edited are those that were left alone longest: the first to go where memory
    is short.
    """
    texts = library_texts(plan.document_counts[-1], plan.document_characters)
    uris = [(folder / f"document-{index}.py").as_uri() for index in range(len(texts))]
    rows: list[Row] = []
    num_open = 0
    for count in plan.document_counts:
        for uri, text in zip(uris[num_open:count], texts[num_open:count], strict=True):
            await editor.open(uri, "python", text)
            await editor.complete(uri, len(text))
        num_open = count
        turns = [uris[turn % count] for turn in range(plan.edits)]
        rows += await _edit_rows(editor, f"documents@{count}", turns)
        rows += await _held_rows(editor, f"documents@{count}", count)
    for uri in uris:
        await editor.close(uri)
    return rows


async def _edit_rows(editor: Editor, kind: str, uris: Sequence[str]) -> list[Row]:
    update_ms, first_token_ms, prompt_tokens = [], [], 0
    for uri in uris:
        text = editor.text(uri)
        top = text.index("\n", len(text) // 10) + 1
        before = await editor.cache(uri)
        await editor.insert(uri, top, _INSERTED)
        sync = (await editor.cache_after(uri, before)).last_sync
        update_ms.append(sync.sync_ms)
        prompt_tokens = sync.prompt
        asked_at = text.rindex("\n", 0, len(text) // 2) + 1 + len(_INSERTED)
        first_token_ms.append((await editor.complete(uri, asked_at)).first_token_ms)
    params: dict[str, Parameter] = {"prompt_tokens": prompt_tokens}
    return [
        summarise(kind, "warmline", "update_ms", update_ms, "ms", params=params),
        summarise(kind, "warmline", "first_token_ms", first_token_ms, "ms", params=params),
    ]


async def _held_rows(editor: Editor, kind: str, num_open: int) -> list[Row]:
    engine = (await editor.status())["engine"]
    budget: dict[str, Parameter] = {"budget_mb": engine["cache_budget_bytes"] / _MEGABYTE}
    num_held = len(engine["documents"])
    figures = [
        ("cache_mb", engine["cache_bytes"] / _MEGABYTE, "MB"),
        ("evicted", float(max(num_open - num_held, 0)), "documents"),
    ]
    return [
        summarise(kind, "warmline", metric, [value], unit, params=budget)
        for metric, value, unit in figures
    ]
