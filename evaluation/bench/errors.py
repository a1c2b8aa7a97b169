"""What else can go wrong in a benchmark, beside what `evaluation.errors` knows.

EvaluationError
├── OtherConditionsError    a folder holds results that these may not be mixed with
└── CannotMeasureError      what was asked for does not fit the model or this machine
"""

from evaluation.errors import EvaluationError


class OtherConditionsError(EvaluationError):
    """A folder holds results that were measured under other conditions."""


class CannotMeasureError(EvaluationError):
    """What was asked for does not fit the model or this machine."""
