"""What can go wrong with analysis. It costs a constraint, never a suggestion.

AnalysisError
└── SetUpError      the analysers cannot be installed, or are not
"""


class AnalysisError(Exception):
    """Base of all errors of analysis. The message is one sentence for people."""


class SetUpError(AnalysisError):
    """The analysers cannot be installed, or are not."""
