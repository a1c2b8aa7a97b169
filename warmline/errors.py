"""What the command line itself can say no to.

CommandError            the message is one sentence for people
├── UsageError          the call was wrong; another call may do: exit code 2
└── WorkError           the call was right and the work failed: exit code 1
"""


class CommandError(Exception):
    """Base of the command line's own errors. The message is one sentence."""


class UsageError(CommandError):
    """The call was wrong: it names something that is not there, or in the wrong form."""


class WorkError(CommandError):
    """The call was right, and what it asked for could not be done."""
