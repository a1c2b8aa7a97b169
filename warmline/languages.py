"""Which language a file is written in, by its name."""

from pathlib import Path

PLAIN_TEXT = "plaintext"

_BY_SUFFIX = {
    ".bash": "shellscript",
    ".c": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".css": "css",
    ".cts": "typescript",
    ".cxx": "cpp",
    ".go": "go",
    ".h": "c",
    ".hh": "cpp",
    ".hpp": "cpp",
    ".html": "html",
    ".hxx": "cpp",
    ".java": "java",
    ".js": "javascript",
    ".json": "json",
    ".jsx": "javascriptreact",
    ".kt": "kotlin",
    ".lua": "lua",
    ".md": "markdown",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".mts": "typescript",
    ".php": "php",
    ".py": "python",
    ".pyi": "python",
    ".pyw": "python",
    ".rb": "ruby",
    ".rs": "rust",
    ".scala": "scala",
    ".sh": "shellscript",
    ".sql": "sql",
    ".swift": "swift",
    ".toml": "toml",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".yaml": "yaml",
    ".yml": "yaml",
}

_BY_NAME = {
    "Dockerfile": "dockerfile",
    "GNUmakefile": "makefile",
    "Makefile": "makefile",
    "makefile": "makefile",
}


def language_of(path: Path) -> str:
    """Return the language identifier of the protocol, or `plaintext` when unknown."""
    return _BY_NAME.get(path.name) or _BY_SUFFIX.get(path.suffix.lower(), PLAIN_TEXT)
