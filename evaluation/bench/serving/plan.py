"""How much is measured, in the full form and in the quick one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServePlan:
    """What to measure. Each field is one thing that takes time.

    Attributes:
        server_starts, engine_starts: How often each process is started.
        file_characters: Length of the file that is typed in; code has about 3.7 to a token.
        typing_s, idle_s: How long somebody types, and then does nothing.
        document_counts: How many documents are open, in ascending order.
        document_characters: Length of each.
        edits: How many edits are measured with each number of documents.
        refresh_characters: Length of the file that is being refreshed.
        refresh_requests: How many requests come in the middle of a refresh, and as many not.
    """

    server_starts: int
    engine_starts: int
    file_characters: int
    typing_s: float
    idle_s: float
    document_counts: tuple[int, ...]
    document_characters: int
    edits: int
    refresh_characters: int
    refresh_requests: int


FULL_PLAN = ServePlan(
    server_starts=10,
    engine_starts=5,
    file_characters=22_000,
    typing_s=60.0,
    idle_s=60.0,
    document_counts=(1, 2, 4, 8, 16, 32),
    document_characters=7_500,
    edits=5,
    refresh_characters=22_000,
    refresh_requests=100,
)

QUICK_PLAN = ServePlan(
    server_starts=5,
    engine_starts=2,
    file_characters=22_000,
    typing_s=15.0,
    idle_s=20.0,
    document_counts=(1, 2, 4, 8),
    document_characters=7_500,
    edits=3,
    refresh_characters=22_000,
    refresh_requests=15,
)
