"""torch, and what it can do with this machine's processor."""

import os
import platform
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_HAS_VECTORS_BY_NAME = ("x86_64", "amd64")  # elsewhere torch names no instructions
_PLAIN = ("DEFAULT", "NO AVX")


def check_torch() -> Iterator[Finding]:
    """Load torch and ask what it can do on this machine."""
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:  # OSError: one of its libraries cannot be loaded
        yield Problem.TORCH_BROKEN.finding(f"cannot be loaded: {error}")
        return
    yield _check_instructions(torch)
    yield from _check_threads(torch.get_num_threads())
    # Not public, but the one answer that torch itself goes by when it multiplies matrices.
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001
        yield works("bfloat16", "the processor multiplies it directly")
    else:
        yield Problem.BFLOAT16_SLOW.finding("slow on this processor")


def _check_instructions(torch: Any) -> Finding:
    capability = torch.backends.cpu.get_cpu_capability()
    has_gpu = torch.cuda.is_available()
    device = torch.cuda.get_device_name(0) if has_gpu else "no GPU"
    found = f"{torch.__version__}, {device}, {torch.get_num_threads()} threads, {capability}"
    is_plain = platform.machine().lower() in _HAS_VECTORS_BY_NAME and capability in _PLAIN
    if is_plain and not has_gpu:
        return Problem.TORCH_INSTRUCTIONS.finding(found)
    return works("torch", found)


def _check_threads(num_threads: int) -> Iterator[Finding]:
    """See whether a variable holds torch back; half of the cores may be there in name only."""
    num_cores = os.cpu_count() or 1
    name = next((name for name in _THREAD_VARIABLES if os.environ.get(name)), None)
    if name and 2 * num_threads < num_cores:
        found = f"{name} is {os.environ[name]}: {num_threads} threads on {num_cores} cores"
        yield Problem.TORCH_THREADS.finding(found, name=name)
