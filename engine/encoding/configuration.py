"""What a text encoder is made of, read from a folder in hub layout. Knows no torch."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError, UnsupportedModelError

MODEL_TYPES = frozenset({"bert", "camembert", "roberta", "xlm-roberta"})
"""All are BERT; the others count positions from behind the padding token."""

MAX_TOKENS = 512
"""Of one text, whatever the encoder could read: a chunk of code has fewer."""

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
"""In the order in which they are looked for."""

_TOKENIZER_FILES = (("tokenizer.json",), ("vocab.json", "merges.txt"))
_IDENTITY_BYTES = 65_536
_KNOWN_PARTS = ("Transformer", "Pooling", "Normalize")


class Pooling(StrEnum):
    """How the vectors of a text's tokens become one."""

    MEAN = "mean"
    FIRST = "first"  # that of the token before all others


@dataclass(frozen=True, slots=True)
class EncoderConfiguration:
    """The numbers and switches in which the supported encoders differ."""

    model_type: str
    num_layers: int
    hidden_size: int
    num_heads: int
    norm_epsilon: float
    activation: str
    first_position: int  # position of the first token
    max_tokens: int  # of one text, those that frame it included
    pooling: Pooling


def encoder_configuration(folder: Path) -> EncoderConfiguration:
    """Read what a folder says about its encoder.

    Raises:
        ModelFileError: If it is incomplete or cannot be read.
        UnsupportedModelError: If it is no encoder, or one of a kind unknown here.
    """
    raw = _read(folder / "config.json")
    model_type = str(raw.get("model_type"))
    if model_type not in MODEL_TYPES:
        raise UnsupportedModelError(
            f"{folder} holds a model of the type {model_type!r}, which is no encoder known here;"
            f" wanted one of {', '.join(sorted(MODEL_TYPES))}."
        )
    if raw.get("position_embedding_type", "absolute") != "absolute":
        raise UnsupportedModelError(
            f"The encoder {folder} has {raw['position_embedding_type']!r} positions, wanted"
            " 'absolute' ones; choose another encoder."
        )
    _require_known_parts(folder)
    first_position = 0 if model_type == "bert" else int(raw.get("pad_token_id", 1)) + 1
    try:
        return EncoderConfiguration(
            model_type=model_type,
            num_layers=raw["num_hidden_layers"],
            hidden_size=raw["hidden_size"],
            num_heads=raw["num_attention_heads"],
            norm_epsilon=raw.get("layer_norm_eps", 1e-12),
            activation=raw.get("hidden_act", "gelu"),
            first_position=first_position,
            max_tokens=min(
                MAX_TOKENS,
                raw["max_position_embeddings"] - first_position,
                _sentence_tokens(folder),
            ),
            pooling=_pooling(folder),
        )
    except KeyError as error:
        raise ModelFileError(
            f"The config.json of the encoder {folder} lacks {error}; pull the encoder again."
        ) from error


def find_encoder_problem(folder: Path) -> str | None:
    """Say what keeps a folder from being used as an encoder, or return None."""
    if not folder.is_dir():
        return "it is not a folder"
    missing = [] if (folder / "config.json").is_file() else ["config.json"]
    if not any((folder / name).is_file() for name in WEIGHT_FILES):
        missing.append(" or ".join(WEIGHT_FILES))
    if not any(all((folder / n).is_file() for n in names) for names in _TOKENIZER_FILES):
        missing.append(" or ".join(" with ".join(names) for names in _TOKENIZER_FILES))
    if missing:
        return f"it lacks {' and '.join(missing)}"
    try:
        encoder_configuration(folder)
    except (ModelFileError, UnsupportedModelError) as error:
        return str(error).rstrip(".")
    return None


def encoder_identity(folder: Path) -> str:
    """Return a name that changes when the encoder's vectors would, with any luck.

    Taken are what the configuration says and the ends of the weights, not all of them: that
    would take as long as to encode a hundred texts.
    """
    digest = hashlib.sha256(repr(encoder_configuration(folder)).encode())
    weights = next(path for name in WEIGHT_FILES if (path := folder / name).is_file())
    size = weights.stat().st_size
    digest.update(f"{weights.name} {size}".encode())
    with weights.open("rb") as file:
        for start in (0, size // 2, max(0, size - _IDENTITY_BYTES)):
            file.seek(start)
            digest.update(file.read(_IDENTITY_BYTES))
    return digest.hexdigest()[:16]


def _pooling(folder: Path) -> Pooling:
    """Read how sentence-transformers pools with this encoder; the mean where nothing is said."""
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return Pooling.MEAN
    chosen = {
        name.removeprefix("pooling_mode_")
        for name, value in _read(path).items()
        if name.startswith("pooling_mode_") and value is True
    }
    if chosen in ({"mean_tokens"}, set()):
        return Pooling.MEAN
    if chosen == {"cls_token"}:
        return Pooling.FIRST
    raise UnsupportedModelError(
        f"The encoder {folder} pools by {', '.join(sorted(chosen))}, wanted mean_tokens or"
        " cls_token; choose another encoder."
    )


def _require_known_parts(folder: Path) -> None:
    """Refuse an encoder that does more than can be done here; its vectors would be others."""
    path = folder / "modules.json"
    if not path.is_file():
        return
    parts = [str(part.get("type", "")).rpartition(".")[2] for part in _read_list(path)]
    unknown = [part for part in parts if part not in _KNOWN_PARTS]
    if unknown:
        raise UnsupportedModelError(
            f"The encoder {folder} has the part {unknown[0]!r}, wanted only"
            f" {', '.join(_KNOWN_PARTS)}; choose another encoder."
        )


def _sentence_tokens(folder: Path) -> int:
    """Return how many tokens the encoder was made for, where sentence-transformers knows it."""
    path = folder / "sentence_bert_config.json"
    said = _read(path).get("max_seq_length") if path.is_file() else None
    return said if isinstance(said, int) else MAX_TOKENS


def _read(path: Path) -> dict[str, Any]:
    content = _parsed(path)
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} holds no object; pull the encoder again.")
    return content


def _read_list(path: Path) -> list[dict[str, Any]]:
    content = _parsed(path)
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise ModelFileError(f"{path} holds no list of objects; pull the encoder again.")
    return content


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read ({error}); pull the encoder again.") from error
