"""What knows which names exist: whether it is installed, and for which languages."""

from monitors.host.registry import CHOICES
from warmline.analysis import analysis_environment
from warmline.checks.finding import Finding, Verdict

_SUBJECT = "analysers"


def check_analysers() -> Finding:
    """See that the analysers' environment is there."""
    state = analysis_environment().state()
    if not state.is_ready:
        found = "not installed, so nobody checks whether names exist"
        return Finding(_SUBJECT, Verdict.WARNING, found, "get them: warmline analysers install")
    return Finding(_SUBJECT, Verdict.WORKS, f"for {', '.join(sorted(CHOICES))} at {state.folder}")
