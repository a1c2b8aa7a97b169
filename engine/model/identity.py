"""What must be the same before one process may use keys and values that another computed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.model.configuration import DecoderConfiguration
from engine.model.decoder import Decoder

_NUM_SAMPLES = 16  # of each file of weights
_SAMPLE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Digests are sha256 in hexadecimal.

    Attributes:
        weights: Digest of the weights and their configuration, see `weights_digest`.
        tokenizer: Digest of `tokenizer.json`.
        library: What computes: torch's version, the kind of device, the processor's abilities.
        storage_type: Of weights and caches.
        rotary: Digest of every layer's frequencies and amplitude.
    """

    weights: str
    tokenizer: str
    library: str
    storage_type: str
    rotary: str
    num_layers: int
    num_kv_heads: int
    head_size: int


def identify(directory: Path, decoder: Decoder) -> ModelIdentity:
    """Return the identity of a model that was read from a folder. Cost: some milliseconds."""
    configuration = decoder.configuration
    ability = torch.backends.cpu.get_cpu_capability()
    return ModelIdentity(
        weights=weights_digest(directory),
        tokenizer=hashlib.sha256(_content(directory / "tokenizer.json")).hexdigest(),
        library=f"torch {torch.__version__}, {decoder.device.type}, {ability}",
        storage_type=str(decoder.dtype).removeprefix("torch."),
        rotary=_rotary_digest(configuration),
        num_layers=configuration.num_layers,
        num_kv_heads=configuration.num_kv_heads,
        head_size=configuration.head_size,
    )


def weights_digest(directory: Path) -> str:
    """Return a digest that differs for any two sets of weights one is likely to meet.

    Reading gigabytes at each start would take longer than the prefill that a snapshot saves.
    Taken instead are the configuration as a whole, and of each file of weights the name, size
    and time of change, and blocks spread over all of it. The time tells apart what was changed
    in place. The blocks tell apart another training of the same architecture under the same
    name, also where an archive gave all its files the same time. The hash of the download that
    the store remembers would not notice either.
    """
    digest = hashlib.sha256(_content(directory / "config.json"))
    for file in sorted(directory.glob("*.safetensors")):
        state = file.stat()
        digest.update(f"\n{file.name}\n{state.st_size}\n{state.st_mtime_ns}\n".encode())
        with file.open("rb") as content:
            for sample in range(_NUM_SAMPLES):
                content.seek(state.st_size * sample // _NUM_SAMPLES)
                digest.update(content.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _rotary_digest(configuration: DecoderConfiguration) -> str:
    digest = hashlib.sha256()
    for layer in configuration.frequencies:
        digest.update(layer.radians_per_token.tobytes())
        digest.update(repr(layer.amplitude).encode())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
