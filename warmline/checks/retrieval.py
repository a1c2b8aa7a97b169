"""What finds text of other files: the trained retriever, and the text encoder if there is one."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from completion.settings import HASHED_ENCODER, CompletionSettings
from engine.weights.catalogue import find
from engine.weights.encoders import ENCODERS, encoder_store
from engine.weights.inventory import ModelState
from retrieval.errors import RetrieverFileError
from retrieval.model_file import default_model, load_model
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem


def check_retrieval(settings: CompletionSettings) -> Iterator[Finding]:
    """See that what the settings name can be used.

    Raises:
        ModelError: If the folder of encoders cannot be read.
    """
    if settings.retrieval_encoder != HASHED_ENCODER:
        yield _check_encoder(settings.retrieval_encoder)
    else:
        yield _check_retriever(settings.retriever)


def _check_retriever(chosen: str) -> Finding:
    try:
        model = load_model(Path(chosen).expanduser()) if chosen else default_model()
    except (RetrieverFileError, RuntimeError) as error:  # RuntimeError: there is no such user
        return Problem.RETRIEVER_UNUSABLE.finding(str(error))
    del model
    return works("retriever", "the chosen one" if chosen else "the one that comes with Warmline")


def _check_encoder(chosen: str) -> Finding:
    store = encoder_store(offline=True)
    if store.locate(chosen) is not None:
        return works("encoder", chosen)
    entry = find(chosen, ENCODERS)
    if entry is None:
        close = get_close_matches(chosen, [HASHED_ENCODER, *(one.name for one in ENCODERS)], n=1)
        meant = f"; `{close[0]}` may be meant" if close else ""
        found = f"there is no text encoder {chosen!r}"
        return Problem.ENCODER_UNKNOWN.finding(found, meant=meant)
    state = next(one.state for one in store.statuses() if one.name == entry.name)
    found = {
        ModelState.PARTIAL: "is here in part",
        ModelState.DAMAGED: "is damaged",
    }.get(state, "is not on this machine")
    return Problem.ENCODER_MISSING.finding(f"{entry.name} {found}", encoder=entry.name)
