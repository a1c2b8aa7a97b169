"""Which analyser answers for which language. Its module is imported when it is first wanted."""

from importlib import import_module

from .analysers import AnalyserChoice, LanguageAnalyser

_PYTHON = AnalyserChoice("python", ".python.analyser:PythonAnalyser")

_TYPESCRIPT = AnalyserChoice("typescript", ".typescript:TypeScriptAnalyser")
_CLANGD = AnalyserChoice("clangd", ".clangd:ClangdAnalyser")
_JAVA = AnalyserChoice("java", ".java:JavaAnalyser")

CHOICES: dict[str, AnalyserChoice] = {
    "python": _PYTHON,
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT,
    "javascript": _TYPESCRIPT,
    "javascriptreact": _TYPESCRIPT,
    "c": _CLANGD,
    "cpp": _CLANGD,
    "java": _JAVA,
}
"""By LSP language identifier. Languages with the same choice share one analyser."""


def make_analyser(choice: AnalyserChoice) -> LanguageAnalyser:
    """Return a new analyser, not yet started."""
    module, _, name = choice.factory.partition(":")
    analyser: LanguageAnalyser = getattr(import_module(module, __package__), name)()
    return analyser
