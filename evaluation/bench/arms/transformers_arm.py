"""transformers as its documentation shows it: `generate`, nothing kept between two calls."""

import time
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, LogitsProcessor, StoppingCriteria

from engine.decoding.vocabulary import Vocabulary
from engine.model.loader import STORAGE_TYPES, choose_device
from evaluation.bench.messages import ArmOptions, LineTiming, Writing, line_timing
from evaluation.bench.scenarios import Prompt


class TransformersArm:
    """The same folder of weights, in bf16 unless another type is asked for. Implements `Arm`."""

    def __init__(self, options: ArmOptions) -> None:
        torch.set_num_threads(options.threads)
        self._device = choose_device(options.device)
        dtype = STORAGE_TYPES.get(options.storage_type, torch.bfloat16)
        network: Any = AutoModelForCausalLM.from_pretrained(
            options.model, dtype=dtype, local_files_only=True, trust_remote_code=False
        )
        self._network = network.to(self._device).eval()
        vocabulary = Vocabulary.from_file(options.model / "tokenizer.json")
        self._line_ends = frozenset(
            token for token in range(vocabulary.size) if b"\n" in vocabulary.token_bytes(token)
        )

    def hold(self, prompt: Prompt) -> None:
        """Nothing is kept."""

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        """See `Arm.follow`."""
        watch = _Watch(self._line_ends)
        started_s = time.perf_counter()
        self._generate(prompt, max_tokens, watch)
        first_s, last_s = watch.token_times_s[0], watch.token_times_s[-1]
        num_tokens = len(watch.token_times_s)
        return line_timing(started_s, watch.score_times_s[0], first_s, last_s, num_tokens)

    def read(self, prompt: Prompt) -> float:
        """See `Arm.read`."""
        watch = _Watch()
        started_s = time.perf_counter()
        self._generate(prompt, 1, watch)
        return (watch.score_times_s[0] - started_s) * 1000

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool = False) -> Writing:
        """See `Arm.write`."""
        del drafts
        watch = _Watch()
        tokens = self._generate(prompt, max_tokens, watch)
        elapsed_s = watch.token_times_s[-1] - watch.token_times_s[0]
        return Writing(len(tokens) - 1, elapsed_s * 1000, tokens)

    def cache_bytes(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing runs."""

    @torch.inference_mode()
    def _generate(self, prompt: Prompt, max_tokens: int, watch: "_Watch") -> tuple[int, ...]:
        tokens = torch.from_numpy(prompt.tokens).long()[None].to(self._device)
        written = self._network.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=max_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            repetition_penalty=None,
            use_cache=True,
            pad_token_id=0,
            logits_processor=[watch],
            stopping_criteria=[watch.stop],
        )
        return tuple(written[0, tokens.shape[1] :].tolist())


class _Watch(LogitsProcessor):
    """Notes when scores came and when tokens were chosen; changes neither."""

    def __init__(self, line_ends: frozenset[int] = frozenset()) -> None:
        self.score_times_s: list[float] = []
        self.token_times_s: list[float] = []
        self.stop = _StopAtLineEnd(self, line_ends)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        del input_ids
        self.score_times_s.append(_now(scores))
        return scores


class _StopAtLineEnd(StoppingCriteria):
    def __init__(self, watch: _Watch, line_ends: frozenset[int]) -> None:
        self._watch = watch
        self._line_ends = line_ends

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:
        del scores
        self._watch.token_times_s.append(_now(input_ids))
        is_done = int(input_ids[0, -1]) in self._line_ends
        return torch.full((len(input_ids),), is_done, dtype=torch.bool, device=input_ids.device)


def _now(tensor: Tensor) -> float:
    """Read the clock when all work is done; a GPU works on by itself."""
    if tensor.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter()
