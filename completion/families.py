"""What model families write between the parts of a prompt, as data.

Each family learned to fill in the middle with markers of its own. A family is recognised by
the markers in the vocabulary, so a fine-tuned or renamed model is laid out like its parent.
"""

from dataclasses import dataclass
from enum import Enum

from completion.tokenization import Tokenization


class ContextStyle(Enum):
    """How other files stand before the document."""

    REPOSITORY = "repository"  # a marker before the repository's name and before each file
    SEPARATED = "separated"  # a marker between one file and the next
    COMMENTS = "comments"  # as plain code under a comment that names the file


@dataclass(frozen=True, slots=True)
class Family:
    """Markers by their written form; an empty one is not used.

    Without `prefix`, `suffix` and `middle` the model writes from left to right and sees
    nothing of the text after the cursor.
    """

    name: str
    prefix: str = ""
    suffix: str = ""
    middle: str = ""
    beginning: str = ""  # first token of every prompt
    context_style: ContextStyle = ContextStyle.COMMENTS
    repository: str = ""
    separator: str = ""
    is_path_after_prefix: bool = False  # else the path stands before the prefix marker
    leading_text: str = ""  # put before the text before the cursor

    @property
    def fills_in_the_middle(self) -> bool:
        """Tell whether the model sees the text after the cursor."""
        return bool(self.middle)

    @property
    def required_markers(self) -> tuple[str, ...]:
        """The markers that a vocabulary of this family has."""
        markers = (self.prefix, self.suffix, self.middle, self.repository, self.separator)
        return tuple(marker for marker in markers if marker)


QWEN_CODER = Family(
    name="qwen-coder",
    prefix="<|fim_prefix|>",
    suffix="<|fim_suffix|>",
    middle="<|fim_middle|>",
    context_style=ContextStyle.REPOSITORY,
    repository="<|repo_name|>",
    separator="<|file_sep|>",
)
"""Qwen2.5-Coder and later.

Source:
    Qwen2.5-Coder technical report, arXiv 2409.12186, section 3.2 (file and repository
    level); github.com/QwenLM/Qwen3-Coder/issues/343 for both together.
"""

STARCODER2 = Family(
    name="starcoder2",
    prefix="<fim_prefix>",
    suffix="<fim_suffix>",
    middle="<fim_middle>",
    context_style=ContextStyle.REPOSITORY,
    repository="<repo_name>",
    separator="<file_sep>",
    is_path_after_prefix=True,
)
"""StarCoder2: the marker for the prefix stands before the path.

Source:
    StarCoder 2 and The Stack v2, arXiv 2402.19173, section 5.1;
    github.com/bigcode-project/starcoder2/issues/10 and /21.
"""

CODEGEMMA = Family(
    name="codegemma",
    prefix="<|fim_prefix|>",
    suffix="<|fim_suffix|>",
    middle="<|fim_middle|>",
    beginning="<bos>",
    context_style=ContextStyle.SEPARATED,
    separator="<|file_separator|>",
)
"""CodeGemma: no white space between the markers and the text.

Source:
    ai.google.dev/gemma/docs/codegemma/prompt-structure; CodeGemma report, arXiv 2406.11409,
    section 2.
"""

DEEPSEEK_CODER = Family(
    name="deepseek-coder",
    prefix="<｜fim▁begin｜>",  # noqa: RUF001 -- the full-width bars are part of the token
    suffix="<｜fim▁hole｜>",  # noqa: RUF001
    middle="<｜fim▁end｜>",  # noqa: RUF001
    beginning="<｜begin▁of▁sentence｜>",  # noqa: RUF001
)
"""DeepSeek-Coder: the hole stands where the middle belongs, the end closes the suffix.

Source:
    github.com/deepseek-ai/DeepSeek-Coder, README, "Code Insertion" and "Repository Level
    Code Completion".
"""

CODE_LLAMA = Family(
    name="code-llama",
    prefix="▁<PRE>",
    suffix="▁<SUF>",
    middle="▁<MID>",
    beginning="<s>",
    leading_text=" ",
)
"""Code Llama: ` <PRE> {prefix} <SUF>{suffix} <MID>`.

The space after PRE is SentencePiece's own before any text; the suffix is encoded without.

Source:
    Code Llama, arXiv 2308.12950, section 2.3; `set_infilling_processor` of transformers'
    `CodeLlamaTokenizer`.
"""

GRANITE = Family(
    name="granite",
    prefix="<fim_prefix>",
    suffix="<fim_suffix>",
    middle="<fim_middle>",
)
"""Granite code models and StarCoder: as StarCoder2, without its markers for files.

Source:
    github.com/ibm-granite/granite-code-models/issues/3.
"""

LEFT_TO_RIGHT = Family(name="left-to-right")
"""All models without such markers."""

KNOWN_FAMILIES = (QWEN_CODER, CODEGEMMA, DEEPSEEK_CODER, CODE_LLAMA, STARCODER2, GRANITE)


def detect_family(tokenization: Tokenization, vocabulary_size: int) -> Family:
    """Return the first family all of whose markers the model knows.

    Args:
        tokenization: Says which markers have a token.
        vocabulary_size: Of the model; some tokenizers list markers the model never had.
    """
    for family in KNOWN_FAMILIES:
        ids = [tokenization.token_id(marker) for marker in family.required_markers]
        if all(index is not None and index < vocabulary_size for index in ids):
            return family
    return LEFT_TO_RIGHT
