"""The process of one arm: `python -m evaluation.bench.child`, requests in, answers out.

It ends when its input ends, so it never outlives whoever started it for long.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any

from evaluation.bench.arm import Arm
from evaluation.bench.memory import process_memory
from evaluation.bench.messages import ArmOptions, prompt_from_json

Answer = dict[str, Any]
Build = Callable[[ArmOptions], Arm]


def build_arm(options: ArmOptions) -> Arm:
    """Load what the arm needs. Each imports only its own libraries."""
    # ruff: noqa: PLC0415  (another arm's libraries would count as this one's memory)
    if options.arm == "transformers":
        from evaluation.bench.arms.transformers_arm import TransformersArm

        return TransformersArm(options)
    if options.arm == "llamacpp":
        from evaluation.bench.arms.llama_cpp_arm import LlamaCppArm

        return LlamaCppArm(options)
    if options.arm == "llama-server":
        from evaluation.bench.arms.llama_server_arm import LlamaServerArm

        return LlamaServerArm(options)
    from evaluation.bench.arms.engine_arm import EngineArm

    return EngineArm(options)


def serve(requests: IO[str], answers: IO[str], build: Build = build_arm) -> None:
    """Answer every request until there are no more; the first one builds the arm."""
    arm: Arm | None = None
    for line in requests:
        request = json.loads(line)
        try:
            if arm is None:
                arm = build(ArmOptions.from_json(request["options"]))
                answer: Answer = {}
            else:
                answer = _answer(arm, request)
        except Exception as error:  # noqa: BLE001  (the other side is told, whatever it is)
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    if arm is not None:
        arm.close()


def _answer(arm: Arm, request: dict[str, Any]) -> Answer:
    match request["do"]:
        case "hold":
            arm.hold(prompt_from_json(request["prompt"]))
            return {}
        case "follow":
            return asdict(arm.follow(prompt_from_json(request["prompt"]), request["max_tokens"]))
        case "read":
            return {"elapsed_ms": arm.read(prompt_from_json(request["prompt"]))}
        case "write":
            prompt = prompt_from_json(request["prompt"])
            return asdict(arm.write(prompt, request["max_tokens"], drafts=request["drafts"]))
        case "memory":
            return asdict(process_memory(arm.cache_bytes()))
    raise ValueError(f"there is no request {request['do']!r}")


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
