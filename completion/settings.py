"""What a user may change about suggestions. The descriptions become documentation."""

from dataclasses import dataclass, field

HASHED_ENCODER = "hashed"
"""The encoder that needs no engine."""


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """Read-only; a change of settings makes a new one."""

    enabled: bool = field(default=True, metadata={"description": "Offer suggestions at all."})
    automatic: bool = field(
        default=True,
        metadata={"description": "Suggest while one types; otherwise only when asked."},
    )
    delay_ms: int = field(
        default=0,
        metadata={
            "description": "How long nothing must be typed before a suggestion that nobody asked "
            "for is begun.",
            "minimum": 0,
            "maximum": 5000,
        },
    )
    adaptive_delay: bool = field(
        default=True,
        metadata={
            "description": "Wait a little more while keys follow each other fast, in editors "
            "that do not wait by themselves."
        },
    )
    show_threshold: int = field(
        default=0,
        metadata={
            "description": "How likely, in percent, the first line of a suggestion must be right "
            "to be shown without being asked for; 0 shows all.",
            "minimum": 0,
            "maximum": 100,
        },
    )
    in_comments: bool = field(
        default=True, metadata={"description": "Suggest in comments without being asked."}
    )
    in_strings: bool = field(
        default=True, metadata={"description": "Suggest in strings without being asked."}
    )
    disabled_languages: tuple[str, ...] = field(
        default=(),
        metadata={
            "description": "Languages without suggestions, by the names editors have for them, "
            "such as `markdown`."
        },
    )
    disabled_paths: tuple[str, ...] = field(
        default=(),
        metadata={
            "description": "Files without suggestions, as patterns in the manner of .gitignore, "
            "such as `vendor/` or `*.min.js`. Nothing of them reaches the model."
        },
    )
    max_tokens: int = field(
        default=96, metadata={"description": "Most tokens one suggestion may have.", "minimum": 1}
    )
    prefix_tokens: int = field(
        default=6144,
        metadata={
            "description": "Tokens of text before the cursor, and what is left over after it.",
            "minimum": 64,
        },
    )
    suffix_tokens: int = field(
        default=2048,
        metadata={
            "description": "Tokens of text after the cursor, and what is left over before it.",
            "minimum": 0,
        },
    )
    context_tokens: int = field(
        default=1024,
        metadata={
            "description": "Tokens of other files' text in the prompt; 0 leaves them out.",
            "minimum": 0,
        },
    )
    context_pause_ms: int = field(
        default=500,
        metadata={
            "description": "How long nothing must be typed before other files are searched again.",
            "minimum": 0,
        },
    )
    context_timeout_ms: int = field(
        default=300,
        metadata={
            "description": "Longest that a suggestion waits for a search; then it does without.",
            "minimum": 1,
        },
    )
    retriever: str = field(
        default="",
        metadata={
            "description": (
                "A file that `warmline train-retriever` wrote; empty for the retriever that"
                " comes with Warmline."
            )
        },
    )
    monitors: bool = field(
        default=True,
        metadata={
            "description": "Keep suggestions to names that exist, where analysis knows them."
        },
    )
    analysis_timeout_ms: int = field(
        default=50,
        metadata={
            "description": "Longest that a suggestion is held back for analysis, after it is "
            "written; one that is asked for explicitly may wait longer.",
            "minimum": 0,
        },
    )
    python_interpreter: str = field(
        default="",
        metadata={
            "description": "The Python whose packages your code uses; empty looks for a virtual "
            "environment in the folder that is open."
        },
    )
    heal_words: bool = field(
        default=True,
        metadata={
            "description": "Have the model write a word that is begun from its start, held to what "
            "is typed, as it is used to see words whole."
        },
    )
    multi_line: bool = field(
        default=True,
        metadata={"description": "Offer whole blocks where the syntax asks for one."},
    )
    prepare_on_open: bool = field(
        default=True,
        metadata={"description": "Read a document as soon as it is opened, not at first use."},
    )
    reuse_suggestions: bool = field(
        default=True,
        metadata={"description": "Answer what is typed along a suggestion without the model."},
    )
    prepare_next: bool = field(
        default=True,
        metadata={"description": "While a suggestion is shown, prepare what comes after it."},
    )
    max_document_bytes: int = field(
        default=2_000_000,
        metadata={"description": "Larger documents get no suggestions.", "minimum": 1},
    )
    timeout_ms: int = field(
        default=10_000,
        metadata={"description": "Longest wait for one suggestion.", "minimum": 1},
    )
    retrieval_encoder: str = field(
        default=HASHED_ENCODER,
        metadata={
            "description": "What compares other files with what you write: hashed, which comes "
            "with Warmline; or a text encoder run by the engine, slower, by its name in "
            "`warmline models list` or its folder."
        },
    )
