"""The command line, and the composition of the rooms."""

__version__ = "0.1.0"
