"""A recording made up for tests: somebody writes lines, each key a transaction."""

from itertools import accumulate

from evaluation.trace.recording import Patch, Recording, Transaction

START = "# a file\n"
KEYS = "for each in all of them:\n    say so and go on\n"


def typed_recording(keys: str = KEYS, pause_s: float = 1.0) -> Recording:
    """One key after the other, behind a start that is itself the first transaction."""
    ends = accumulate([len(START), *(1 for _ in keys)])
    texts = [START, *keys]
    transactions = tuple(
        Transaction(number * pause_s, (Patch(end - len(text), 0, text),))
        for number, (end, text) in enumerate(zip(ends, texts, strict=True))
    )
    return Recording("made-up", "", START + keys, transactions)
