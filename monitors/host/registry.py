"""Which analyser answers for which language. Its module is imported when it is first wanted."""

from importlib import import_module

from .analysers import AnalyserChoice, LanguageAnalyser

_PYTHON = AnalyserChoice("python", ".python.analyser:PythonAnalyser")

CHOICES: dict[str, AnalyserChoice] = {
    "python": _PYTHON,
}
"""By LSP language identifier. Languages with the same choice share one analyser."""


def make_analyser(choice: AnalyserChoice) -> LanguageAnalyser:
    """Return a new analyser, not yet started."""
    module, _, name = choice.factory.partition(":")
    analyser: LanguageAnalyser = getattr(import_module(module, __package__), name)()
    return analyser
