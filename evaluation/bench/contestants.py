"""Arms as they are set up for a run."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from evaluation.bench.messages import ArmOptions
from evaluation.bench.peer_weights import WeightFile
from evaluation.bench.plan import Contestant
from evaluation.bench.subject import Subject
from evaluation.report import Parameter

SERVER_REUSE_TOKENS = 256


def simple_contestant(subject: Subject, arm: str, longest_tokens: int) -> Contestant:
    """Return an arm that can be set up in one way only."""
    return Contestant(subject.options(arm, longest_tokens))


def weight_forms(subject: Subject, longest_tokens: int) -> list[Contestant]:
    """Return Warmline writing with full weights only, and with four bits only."""
    plain = subject.options("warmline", longest_tokens)
    return [
        Contestant(replace(plain, decode_weights=form), {"decode_weights": form})
        for form in ("full", "int4")
    ]


def llama_candidates(
    subject: Subject, arm: str, files: Sequence[WeightFile], longest_tokens: int
) -> list[Contestant]:
    """Return an arm of llama.cpp with all weights, flash attention on and off.

    llama-server gets batches as large as the longest prompt, without which `/infill` would cut
    prompts, and may shift chunks of its cache.
    """
    plain = subject.options(arm, longest_tokens)
    if arm == "llama-server":
        plain = replace(plain, batch_tokens=plain.context_tokens, reuse_tokens=SERVER_REUSE_TOKENS)
    return [
        _llama(plain, file, flash_attention=flash_attention)
        for file, flash_attention in product(files, (True, False))
    ]


def default_server(subject: Subject, file: WeightFile, longest_tokens: int) -> Contestant:
    """Return llama-server with the settings it starts with."""
    plain = subject.options("llama-server", longest_tokens)
    params = {"weights": file.type, "settings": "default"}
    return Contestant(replace(plain, gguf=file.path), params)


def _llama(plain: ArmOptions, file: WeightFile, *, flash_attention: bool) -> Contestant:
    params: dict[str, Parameter] = {"weights": file.type, "flash_attention": flash_attention}
    if plain.batch_tokens is not None:
        params |= {"batch": plain.batch_tokens, "cache_reuse": plain.reuse_tokens}
    return Contestant(replace(plain, gguf=file.path, flash_attention=flash_attention), params)
