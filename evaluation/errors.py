"""What can go wrong while the server is driven from outside.

EvaluationError                 the message is one sentence for people
├── ServerExitedError           the server is gone, or could not be started
├── NoAnswerError               the server did not answer in the time allowed
├── RequestFailedError          the server answered with an error
├── BrokenFrameError            what the server wrote is not the protocol
├── UnexpectedResultError       an answer came, but not one a measurement can rest on
├── OtherConditionsError        a folder holds results that these may not be mixed with
└── CannotMeasureError          what was asked for does not fit the model or this machine
"""


class EvaluationError(Exception):
    """Base of all errors here. The message is one sentence."""


class ServerExitedError(EvaluationError):
    """The server is gone, or could not be started."""


class NoAnswerError(EvaluationError):
    """The server did not answer in the time allowed."""


class RequestFailedError(EvaluationError):
    """The server answered with an error."""


class BrokenFrameError(EvaluationError):
    """What the server wrote is not the protocol."""


class UnexpectedResultError(EvaluationError):
    """An answer came, but not one a measurement can rest on."""


class OtherConditionsError(EvaluationError):
    """A folder holds results that were measured under other conditions."""


class CannotMeasureError(EvaluationError):
    """What was asked for does not fit the model or this machine."""
