"""llama.cpp as llama-cpp-python gives it: the common prefix of two prompts is kept."""

import time
from collections.abc import Iterator, Sequence

from llama_cpp import Llama

from evaluation.bench.messages import ArmOptions, LineTiming, Writing, line_timing
from evaluation.bench.scenarios import Prompt


class LlamaCppArm:
    """Implements `Arm`."""

    def __init__(self, options: ArmOptions) -> None:
        self._llama = Llama(
            model_path=str(options.gguf),
            n_ctx=options.context_tokens,
            n_threads=options.threads,
            n_threads_batch=options.threads,
            flash_attn=bool(options.flash_attention),
            n_gpu_layers=0 if options.device == "cpu" else -1,
            verbose=False,
        )
        self._evaluate = self._llama.eval
        self._llama.eval = self._evaluate_timed
        self._evaluated_at_s: list[float] = []

    def hold(self, prompt: Prompt) -> None:
        """See `Arm.hold`."""
        self._generate(prompt, 1)

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        """See `Arm.follow`."""
        self._evaluated_at_s.clear()
        started_s = time.perf_counter()
        times_s = []
        for token in self._tokens(prompt, max_tokens):
            times_s.append(time.perf_counter())
            if b"\n" in self._llama.detokenize([token]):
                break
        updated_s = self._evaluated_at_s[0]
        return line_timing(started_s, updated_s, times_s[0], times_s[-1], len(times_s))

    def read(self, prompt: Prompt) -> float:
        """See `Arm.read`."""
        self._llama.reset()
        started_s = time.perf_counter()
        self._llama.eval(prompt.tokens.tolist())
        return (time.perf_counter() - started_s) * 1000

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool = False) -> Writing:
        """See `Arm.write`. An end of text does not end it."""
        del drafts
        tokens, times_s = self._generate(prompt, max_tokens)
        return Writing(len(tokens) - 1, (times_s[-1] - times_s[0]) * 1000, tuple(tokens))

    def cache_bytes(self) -> None:
        """It is allocated for the whole context and part of the memory of the process."""

    def close(self) -> None:
        """Free the model."""
        self._llama.close()

    def _generate(self, prompt: Prompt, max_tokens: int) -> tuple[list[int], list[float]]:
        tokens, times_s = [], []
        for token in self._tokens(prompt, max_tokens):
            tokens.append(token)
            times_s.append(time.perf_counter())
        return tokens, times_s

    def _tokens(self, prompt: Prompt, max_tokens: int) -> Iterator[int]:
        """Yield tokens; the last is not read by the model, as a caller that has enough leaves."""
        generator = self._llama.generate(prompt.tokens.tolist(), temp=0.0)
        for _ in range(max_tokens):
            yield next(generator)
        generator.close()

    def _evaluate_timed(self, tokens: Sequence[int]) -> None:
        """Note when each evaluation ended; the first of a request is that of its prompt."""
        self._evaluate(tokens)
        self._evaluated_at_s.append(time.perf_counter())
