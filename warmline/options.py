"""Arguments that several commands share, and what they come to."""

import argparse
import json
import math
from dataclasses import replace

from engine.protocol.messages import MAX_CANDIDATES
from engine.settings import EngineSettings


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let the caller ask for JSON on standard output."""
    parser.add_argument("--json", action="store_true", help="print one JSON value")


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Let the caller choose the model."""
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a name from `warmline models`, a model folder, or a GGUF file",
    )


def add_language_option(parser: argparse.ArgumentParser) -> None:
    """Let the caller say what language a file is in."""
    parser.add_argument(
        "--language",
        metavar="ID",
        help="language identifier, such as python; by the file's name when left out",
    )


def engine_settings(arguments: argparse.Namespace) -> EngineSettings:
    """Return the default settings with what the caller chose."""
    settings = EngineSettings()
    return replace(settings, model=arguments.model) if arguments.model else settings


def positive_int(text: str) -> int:
    """Read a whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def positive_number(text: str) -> float:
    """Read a number above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def number_of_candidates(text: str) -> int:
    """Read how many texts are wanted, for argparse: as many as one request may ask for."""
    number = positive_int(text)
    if number > MAX_CANDIDATES:
        raise argparse.ArgumentTypeError(f"{number} is more than {MAX_CANDIDATES}")
    return number


def print_json(value: object) -> None:
    """Print `value` as one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
