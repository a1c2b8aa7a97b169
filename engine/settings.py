"""What a user may change about the engine. The descriptions become documentation."""

from dataclasses import dataclass, field

DEFAULT_MODEL = "qwen2.5-coder-0.5b"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Read-only. `model` and the transport decide which service a client reaches."""

    model: str = field(
        default=DEFAULT_MODEL,
        metadata={"description": "A name from the catalogue, a model folder, or a GGUF file."},
    )
    offline: bool = field(default=False, metadata={"description": "Forbid every download."})
    device: str = field(
        default="auto",
        metadata={"description": "auto, cpu or cuda.", "enum": ["auto", "cpu", "cuda"]},
    )
    storage_type: str = field(
        default="auto",
        metadata={
            "description": "Number format of weights and caches; auto tests the machine.",
            "enum": ["auto", "bfloat16", "float32"],
        },
    )
    decode_weights: str = field(
        default="auto",
        metadata={
            "description": "Weights that suggestions are written with: full as stored, int4 faster "
            "but less like the model, auto int4 where that is faster, with close decisions left "
            "to the full ones.",
            "enum": ["auto", "full", "int4"],
        },
    )
    threads: int = field(
        default=0,
        metadata={
            "description": "Threads for the model; 0 means all physical cores.",
            "minimum": 0,
        },
    )
    cache_budget_mb: int = field(
        default=2048,
        metadata={
            "description": "Memory for live caches of all documents together.",
            "minimum": 64,
        },
    )
    encoder_budget_mb: int = field(
        default=512,
        metadata={
            "description": "Memory for text encoders, which rank what the repository says; they "
            "leave when nobody asks them.",
            "minimum": 16,
        },
    )
    chunk_cache_mb: int = field(
        default=256,
        metadata={
            "description": "Memory for pieces of other files, read once for all prompts that they "
            "come to stand in; 0 reads them anew.",
            "minimum": 0,
        },
    )
    repair: str = field(
        default="default",
        metadata={
            "description": "Which of the tokens that an edit only moves are read again at once, "
            "before the rest is in idle time; the others are for comparison.",
            "enum": [  # written out, because what they name needs numpy, which is slow to import
                "default",
                "tail",
                "head",
                "head-tail",
                "head-32-tail",
                "head-112-tail",
                "rare-names",
                "cursor-names",
                "deviation",
                "attention",
                "influence",
                "tail-influence",
            ],
        },
    )
    repair_ms: int = field(
        default=400,
        metadata={
            "description": "Most milliseconds that the default repair may take at the pace this "
            "machine has lately read at; where all of it takes longer, less is read again at once.",
            "minimum": 1,
        },
    )
    drafts: bool = field(
        default=True,
        metadata={
            "description": "Guess ahead and check several tokens at once; faster, and the same "
            "text but for near ties."
        },
    )
    refresh: str = field(
        default="auto",
        metadata={
            "description": "Make caches exact while nothing else happens: auto only while the "
            "machine is not on battery.",
            "enum": ["auto", "on", "off"],
        },
    )
    refresh_percent: int = field(
        default=100,
        metadata={
            "description": "Most of the time, in percent, that this may fill; less is cooler and "
            "takes longer.",
            "minimum": 1,
            "maximum": 100,
        },
    )
    idle_exit_s: int = field(
        default=900,
        metadata={"description": "Seconds without clients before the engine leaves.", "minimum": 1},
    )
    snapshots: bool = field(
        default=True,
        metadata={
            "description": "Keep caches of the last documents on disk, readable by you alone, so "
            "that an engine started again need not read them anew; off deletes what is there."
        },
    )
    snapshot_bytes: int = field(
        default=1_000_000_000,
        metadata={
            "description": "Disk space for all such caches; the least recently used go first.",
            "minimum": 1_000_000,
        },
    )
