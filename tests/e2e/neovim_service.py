"""A real Neovim on the real server, before a real engine with a tiny model that writes words."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.weights.location import CACHE_VARIABLE
from engine.weights.model_folder import Origin, write_origin
from tests.e2e.neovim import Editor, Workplace, wait_for
from tests.e2e.tiny_model import SETTINGS, save_tiny_model

MODEL, OTHER_MODEL = "tiny", "tiny-other"
PATIENCE_S = 100.0
"""Long enough to load torch on a machine that does much else."""
TEXT = "some words here and there"
MOST_WORDS = 30
HELPER = "def scale_parcel(parcel, factor):\n    return parcel.weight * factor\n"

ASK = """
local document, start = vim.lsp.util.make_text_document_params(0), { line = 0, character = 0 }
local params = { textDocument = document, position = start }
_G.answer = nil
require('warmline.server').request(0, ..., params, function(err, answer)
  _G.answer = { err and err.message or vim.NIL, answer == nil and vim.NIL or answer }
end)
"""
ALLOW_CONTEXT = """
require('warmline.config').options.settings.contextTokens = ...
require('warmline.server').send_settings()
"""


@dataclass
class ServiceEditor(Editor):
    """One Neovim for many tests, each with files of its own."""

    folder: Path

    def open(self, name: str, text: str = TEXT) -> None:
        """Begin to edit a new file, with the cursor behind its text."""
        (self.folder / name).write_text(text, encoding="utf-8")
        self.nvim.command(f"edit {self.folder / name}")
        self.wait_for_server()
        self.nvim.command("normal! G$")

    def ask_server(self, method: str) -> Any:
        error, answer = self.try_asking(method)
        assert error is None, error
        return answer

    def try_asking(self, method: str) -> tuple[str | None, Any]:
        """Return why there is no answer, or the answer."""
        self.nvim.lua(ASK, method)
        answered = "return _G.answer"
        error, answer = wait_for(lambda: self.nvim.lua(answered), bool, method, PATIENCE_S)
        return error, answer

    def allow_context(self, tokens: int) -> None:
        """Change how much of other files goes into prompts, and wait until it counts."""
        self.nvim.lua(ALLOW_CONTEXT, tokens)
        wait_for(
            lambda: self.try_asking("warmline/explain")[1],
            lambda answer: answer is not None and (answer["budget_tokens"] > 0) == (tokens > 0),
            f"{tokens} tokens for other files",
            PATIENCE_S,
        )

    def last_suggestion(self) -> Any:
        return self.ask_server("warmline/lastSuggestion")

    def status(self) -> Any:
        return self.ask_server("warmline/status")

    def engine(self) -> psutil.Process:
        return psutil.Process(self.status()["engine"]["pid"])

    def ghost_text(self) -> str:
        return self.ghost().split(":", maxsplit=2)[-1]

    def ghost_after(self, keys: str) -> str:
        """Type until the model has something to say, and return that."""
        before = self.last_suggestion()
        for _ in range(MOST_WORDS):
            self.type(keys)
            before = wait_for(
                self.last_suggestion,
                lambda answer, before=before: answer != before and is_settled(answer),
                "an answer of the model",
                PATIENCE_S,
            )
            if before["text"]:
                return str(wait_for(self.ghost_text, bool, "the suggestion as ghost text"))
            keys = " so"
        pytest.fail(f"the model has nothing to say after {MOST_WORDS} words")


def is_settled(answer: Any) -> bool:
    return answer is not None and answer.get("reason") not in {"loading", "superseded"}


@contextmanager
def service_editor(folder: Path, command: Path) -> Iterator[ServiceEditor]:
    """Start an editor in a repository, with two models to choose from."""
    models = folder / "cache" / "models"
    models.mkdir(parents=True)
    save_tiny_model(models / MODEL)
    write_origin(models / MODEL, Origin(MODEL, "a test", "made", None, "2026-01-01"))
    shutil.copytree(models / MODEL, models / OTHER_MODEL)
    project = folder / "project"
    (project / ".git").mkdir(parents=True)
    (project / "helper.py").write_text(HELPER, encoding="utf-8")
    place = Workplace(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
        try:
            yield _start(place, command)
        finally:
            place.close()


def _start(place: Workplace, command: Path) -> ServiceEditor:
    settings = SETTINGS | {"model": MODEL, "reuseSuggestions": True, "timeoutMs": 120_000}
    setup = f"{{ settings = vim.json.decode([[{json.dumps(settings)}]]) }}"
    nvim = place.start_with_server([str(command), "serve"], "", setup).nvim
    editor = ServiceEditor(nvim, place.log, place.folder)
    editor.wait_for_server()
    editor.wait_for_status("Warmline: ready", PATIENCE_S)
    return editor
