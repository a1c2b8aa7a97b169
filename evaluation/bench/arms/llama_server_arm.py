"""The real llama-server, as the package xllamacpp carries it, asked over HTTP."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import xllamacpp

from evaluation.bench.messages import ArmOptions, LineTiming, Writing, line_timing
from evaluation.bench.scenarios import Prompt

_ANSWER_TIMEOUT_S = 1800.0
_EVENT_START = b"data: "
_FLASH_ATTENTION = {
    True: xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    False: xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}


class LlamaServerArm:
    """A server on a port of this machine, one slot. Implements `Arm`.

    Prompts from left to right go to `/completion` as tokens, those with text after the cursor
    to `/infill` as text, which llama-server lays out by itself.
    """

    def __init__(self, options: ArmOptions) -> None:
        self._server = xllamacpp.Server(_parameters(options))
        self._host = str(urlsplit(self._server.listening_address).netloc)

    def hold(self, prompt: Prompt) -> None:
        """See `Arm.hold`."""
        self._ask(prompt, 1)

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        """See `Arm.follow`; the update is timed by the server itself."""
        started_s = time.perf_counter()
        answer = self._ask(prompt, max_tokens, stop=["\n"])
        updated_s = started_s + answer.timings["prompt_ms"] / 1000
        num_tokens = int(answer.timings["predicted_n"])
        return line_timing(started_s, updated_s, answer.first_s, answer.end_s, num_tokens)

    def read(self, prompt: Prompt) -> float:
        """See `Arm.read`; timed by the server itself."""
        return float(self._ask(prompt, 1, cache_prompt=False).timings["prompt_ms"])

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool = False) -> Writing:
        """See `Arm.write`. An end of text does not end it."""
        del drafts
        answer = self._ask(prompt, max_tokens, ignore_eos=True, return_tokens=True)
        elapsed_ms = (answer.last_token_s - answer.first_s) * 1000
        return Writing(len(answer.tokens) - 1, elapsed_ms, tuple(answer.tokens))

    def cache_bytes(self) -> None:
        """It is allocated for the whole context and part of the memory of the process."""

    def close(self) -> None:
        """Stop the server, which ends with its object."""
        del self._server

    def _ask(self, prompt: Prompt, max_tokens: int, **more: Any) -> "_Answer":
        """Send one request and return what was streamed, each part with its time."""
        path, body = _request(prompt)
        body |= {
            "n_predict": max_tokens,
            "temperature": 0,
            "cache_prompt": True,
            "stream": True,
            **more,
        }
        answer = _Answer()
        for event in self._stream(path, body):
            answer.add(event, time.perf_counter())
        return answer

    def _stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        connection = http.client.HTTPConnection(self._host, timeout=_ANSWER_TIMEOUT_S)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                said = response.read().decode(errors="replace")
                raise RuntimeError(f"llama-server answered {path} with {response.status}: {said}")
            for line in response:
                if line.startswith(_EVENT_START):
                    yield json.loads(line[len(_EVENT_START) :])
        finally:
            connection.close()


class _Answer:
    """What was streamed. The last event brings the account of it all, and perhaps no token."""

    def __init__(self) -> None:
        self.first_s = self.last_token_s = self.end_s = 0.0
        self.tokens: list[int] = []
        self.timings: dict[str, float] = {}

    def add(self, event: dict[str, Any], now_s: float) -> None:
        self.first_s = self.first_s or now_s
        self.end_s = now_s
        if tokens := event.get("tokens"):
            self.tokens += tokens
            self.last_token_s = now_s
        self.timings.update(event.get("timings", {}))


def _request(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    if prompt.after is None:
        return "/completion", {"prompt": prompt.tokens.tolist()}
    return "/infill", {"input_prefix": prompt.before, "input_suffix": prompt.after}


def _parameters(options: ArmOptions) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.gguf)
    parameters.n_ctx = options.context_tokens
    parameters.n_parallel = 1
    parameters.n_cache_reuse = options.reuse_tokens
    parameters.cpuparams.n_threads = options.threads
    parameters.cpuparams_batch.n_threads = options.threads
    parameters.fit_params = False
    parameters.ui = False
    parameters.verbosity = 1
    if options.batch_tokens is not None:
        parameters.n_batch = parameters.n_ubatch = options.batch_tokens
    if options.flash_attention is not None:
        parameters.flash_attn_type = _FLASH_ATTENTION[options.flash_attention]
    return parameters
