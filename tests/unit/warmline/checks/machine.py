"""What checks look at, made for real in a temporary folder."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.weights.model_folder import Origin, write_origin
from tests.unit.completion.fakes import small_tokenizer
from warmline.checks.finding import Finding, Verdict

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 16,
}


class Machine:
    """A home directory, folders of Warmline's and a PATH on which nothing is but what is put."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.home = self._new("home")
        self.cache = self._new("cache")
        self.runtime = self._new("run")
        self.programs = self._new("bin")
        self._monkeypatch = monkeypatch
        for name in [name for name in os.environ if name.startswith("WARMLINE_")]:
            monkeypatch.delenv(name)
        self.set(
            HOME=self.home,
            XDG_STATE_HOME=root / "state",
            PATH=self.programs,
            WARMLINE_CACHE=self.cache,
            WARMLINE_RUNTIME_DIR=self.runtime,
        )

    def set(self, **variables: object) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, str(value))

    def add_program(self, name: str, says: str, folder: Path | None = None, code: int = 0) -> None:
        """Put a program where the shell finds it, which says the same whatever it is asked."""
        path = (folder or self.programs) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{says}'\nexit {code}\n", encoding="utf-8")
        path.chmod(0o755)

    def add_model(self, name: str = "tiny", **changes: Any) -> Path:
        """Write a model folder that is whole, into the store."""
        folder = self.cache / "models" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(LLAMA | changes), encoding="utf-8")
        small_tokenizer().save(str(folder / "tokenizer.json"))
        save_file({"weights": np.zeros(1000, np.float32)}, folder / "model.safetensors")
        origin = Origin(name=name, source="test", obtained="test", sha256=None, date="2026-01-01")
        write_origin(folder, origin)
        return folder

    def _new(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o700)
        return folder


def amiss(findings: Iterable[Finding]) -> list[str]:
    """Return the identifiers of what is not as it should be."""
    return [finding.id for finding in findings if finding.verdict is not Verdict.WORKS]


def only(findings: Iterable[Finding]) -> Finding:
    """Return the one finding there is."""
    (finding,) = findings
    return finding
