"""What can go wrong while a retriever is trained.

TrainingError                 the message is one sentence for people
├── OtherTrainingError        a folder holds another training, or a damaged one
├── NothingToLearnError       the repositories give no samples
└── OutOfTimeError            there was no time for another sample; what was asked is kept
"""


class TrainingError(Exception):
    """Base of all errors here. The message is one sentence."""


class OtherTrainingError(TrainingError):
    """A folder holds what belongs to another training, or cannot be read."""


class NothingToLearnError(TrainingError):
    """The repositories give no samples."""


class OutOfTimeError(TrainingError):
    """There was no time for another sample; what was asked is kept."""
