"""llama.cpp's quantiser as a command: `python -m evaluation.bench.quantise SOURCE TARGET TYPE`."""

import sys

import llama_cpp


def quantise(source: str, target: str, file_type: int) -> int:
    """Write the weights of a GGUF file as another `llama_ftype`; return 0 if it went well."""
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = file_type
    parameters.allow_requantize = True
    failure: int = llama_cpp.llama_model_quantize(source.encode(), target.encode(), parameters)
    return failure


if __name__ == "__main__":
    sys.exit(quantise(sys.argv[1], sys.argv[2], int(sys.argv[3])))
